import { describe, expect, it } from "vitest";
import { connectionCountOf, sizesWithin } from "./pool-sizes.ts";

const usual = { poolSize: 20, maxOverflow: 30, isPoolSizeSet: false, isMaxOverflowSet: false } as const;

describe("the sizes of a pool", () => {
  it("are the default where there is room, to the last connection", () => {
    expect(connectionCountOf(usual)).toBe(55);
    expect(sizesWithin(usual, 55)).toEqual({ poolSize: 20, maxOverflow: 30 });
  });

  it("are smaller in the same proportion where there is less, and never together more than there is", () => {
    expect(sizesWithin(usual, 54)).toEqual({ poolSize: 19, maxOverflow: 30 });
    // 100 connections less 3 and 10, less those of a first process.
    expect(sizesWithin(usual, 32)).toEqual({ poolSize: 10, maxOverflow: 17 });
    expect(sizesWithin(usual, 10)).toEqual({ poolSize: 2, maxOverflow: 3 });
    expect(sizesWithin(usual, 9)).toBeUndefined();
    expect(sizesWithin(usual, -10)).toBeUndefined();
  });

  it("stay as somebody has set them, or do not fit", () => {
    const set = { ...usual, isPoolSizeSet: true, isMaxOverflowSet: true };
    expect(sizesWithin(set, 55)).toEqual({ poolSize: 20, maxOverflow: 30 });
    expect(sizesWithin(set, 54)).toBeUndefined();
    expect(sizesWithin({ ...usual, isPoolSizeSet: true }, 34)).toEqual({ poolSize: 20, maxOverflow: 9 });
    expect(sizesWithin({ ...usual, isPoolSizeSet: true }, 24)).toBeUndefined();
    expect(sizesWithin({ ...usual, isMaxOverflowSet: true }, 38)).toEqual({ poolSize: 3, maxOverflow: 30 });
    expect(sizesWithin({ ...usual, isMaxOverflowSet: true }, 35)).toBeUndefined();
  });
});
