import { describe, expect, test } from "vitest";
import { completeForest } from "./complete-forest.ts";
import { requireLinkedTrees, treeCountMax } from "./linked-trees.ts";

/** Trees of which each node holds as many rows as it has leaves below it. */
function linked(roots: readonly number[], lefts: readonly number[]) {
  const sizes = Int32Array.from(lefts, () => 1);
  for (let node = lefts.length - 1; node >= 0; node--) {
    if (lefts[node] !== 0) sizes[node] = sizes[lefts[node]] + sizes[lefts[node] + 1];
  }
  return { roots: Int32Array.from(roots), lefts: Int32Array.from(lefts), sizes };
}

/** Trees of one node each. */
function manyLeaves(treeCount: number) {
  const nodes = Array.from({ length: treeCount }, (_, node) => node);
  return linked(
    nodes,
    nodes.map(() => 0),
  );
}

describe("trees from a file", () => {
  test("are taken when each node but the roots is the child of one node", () => {
    expect(() => requireLinkedTrees(linked([0, 5], [1, 3, 0, 0, 0, 6, 0, 0]))).not.toThrow();
    expect(() => requireLinkedTrees(linked([0, 1], [0, 0]))).not.toThrow();
  });

  test.each([
    ["two nodes share their children", linked([0], [1, 3, 3, 0, 0])],
    ["two nodes share one child", linked([0], [1, 3, 4, 0, 0, 0])],
    ["a node is nobody's child", linked([0], [3, 0, 0, 0, 0])],
    ["nodes stand behind the last child", linked([0, 3], [1, 0, 0, 4, 0, 0, 0])],
    ["a child is before its parent", linked([0], [1, 1, 0])],
    ["a child is in the next tree", linked([0, 2], [1, 0, 0])],
    ["there are no trees", linked([], [])],
    ["there are too many trees", manyLeaves(treeCountMax + 1)],
  ])("are refused when %s", (_claim, trees) => {
    expect(() => requireLinkedTrees(trees)).toThrowError(expect.objectContaining({ code: "MODEL_FILE" }));
  });
});

describe("complete trees", () => {
  test("are not laid out when their leaves would be too many, also beyond 2^31", () => {
    for (const [treeCount, depth] of [
      [8192, 10],
      [2 ** 21, 10],
      [1, 11],
    ]) {
      const trees = {
        ...linked([0], [0]),
        roots: new Int32Array(treeCount),
        columnCount: 1,
        columns: new Uint16Array(1),
        thresholds: new Float64Array(1),
      };
      expect(completeForest(trees, depth, new Float64Array(1))).toBeUndefined();
    }
  });
});
