import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { CompleteForest } from "../forest-kernels.ts";
import { wasmForest } from "./forest.ts";
import { createResidence } from "./residence.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Whether the object is freed when only the code under test refers to it. */
async function isFreed(make: () => object): Promise<boolean> {
  const held = new WeakRef(make());
  // A weak reference keeps its object until the turn that made it is over.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return held.deref() === undefined;
}

describe("an ensemble in the memory of a kernel", () => {
  test("is copied once for many calls, and again when it comes back after another", () => {
    const placed: object[] = [];
    const residence = createResidence((ensemble: object) => placed.push(ensemble));
    const [first, second] = [{}, {}];
    for (const ensemble of [first, first, second, second, first]) residence(ensemble, 100);
    expect(placed).toEqual([first, second, first]);
  });

  test("is freed when its model is dropped", async () => {
    const residence = createResidence(() => 0);
    const make = () => {
      const ensemble = {};
      residence(ensemble, 100);
      return ensemble;
    };
    expect(await isFreed(make)).toBe(true);
    expect(residence({}, 100)).toBe(0);
  });

  test("that finds no room leaves none behind", () => {
    const residence = createResidence(({ fits }: { readonly fits: boolean }) => {
      if (!fits) throw new RangeError("no room");
      return ++placedCount;
    });
    let placedCount = 0;
    const first = { fits: true };
    residence(first, 100);
    expect(() => residence({ fits: false }, 100)).toThrow("no room");
    expect(residence(first, 100)).toBe(2);
  });

  test.each([
    ["rows in sets", 4],
    ["rows one by one", 9],
  ])("is freed when it is a complete forest scored with %s", async (_way, depth) => {
    const kernels = wasmForest("simd");
    const score = () => {
      const forest = completeForest(40, depth);
      const sums = new Float64Array(64);
      kernels.completeForestInto(forest, { rowCount: 64, columnCount: 2, values: new Float64Array(128) }, sums);
      return { forest, sums };
    };
    expect(await isFreed(() => score().forest)).toBe(true);
    expect([...score().sums]).toEqual(Array.from({ length: 64 }, () => 40));
  });
});

function completeForest(treeCount: number, depth: number): CompleteForest {
  const length = treeCount << depth;
  return {
    columnCount: 2,
    treeCount,
    depth,
    columns: Uint16Array.from({ length }, (_, i) => i % 2),
    thresholds: Float64Array.from({ length }, (_, i) => i % 7),
    leafValues: new Float64Array(length).fill(1),
  };
}
