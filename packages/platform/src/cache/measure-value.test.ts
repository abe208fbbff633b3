import { describe, expect, it } from "vitest";
import { measureValue } from "./measure-value.ts";

describe("the measure of a value", () => {
  it.each<[string, unknown]>([
    ["NaN", [1, Number.NaN]],
    ["Infinity", { score: Infinity }],
    ["a date", { at: new Date(0) }],
    ["a map", new Map()],
    ["a function", { run: () => 1 }],
    ["a member that is undefined", { a: undefined }],
    ["a hole in an array", [1, , 2]], // oxlint-disable-line no-sparse-arrays
    ["a big integer", 1n],
    ["an array of floats", new Float64Array(2)],
  ])("refuses %s, which JSON would change", (_name, value) => {
    expect(measureValue(value)).toBeUndefined();
  });

  it("refuses a value that contains itself", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(measureValue(loop)).toBeUndefined();
  });

  it("takes depth without recursion", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200_000; i++) deep = [deep];
    expect(measureValue(deep)).toBeGreaterThan(200_000);
  });

  it("counts at least what the value takes", () => {
    expect(measureValue(new Uint8Array(1000))).toBeGreaterThan(1000);
    expect(measureValue("x".repeat(1000))).toBeGreaterThan(1000);
    expect(measureValue(Array.from({ length: 1000 }, () => 0.5))).toBeGreaterThan(8000);
  });
});
