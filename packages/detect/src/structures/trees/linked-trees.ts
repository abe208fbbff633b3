/** The skeleton of an ensemble of binary trees in flat arrays: each node's children, and how many rows reached it. */

import { damaged } from "../../detector/state.ts";
import { averagePathLength } from "./average-path-length.ts";

/** Most trees a fit may ask for, and a file may hold. */
export const treeCountMax = 10_000;

/**
 * All nodes of all trees one after another; within a tree parents stand before their children.
 *
 *     roots   0           5            tree 0 has nodes 0..4, tree 1 starts at node 5
 *     lefts   1 3 0 0 0   6 0 0        node 0 has children 1 and 2, node 1 has 3 and 4; 0 means leaf
 */
export interface LinkedTrees {
  readonly roots: Int32Array;
  /** Index of the left child; the right one follows it. 0 at leaves: no child is ever node 0. */
  readonly lefts: Int32Array;
  /** Rows of the tree's sample that reached the node. */
  readonly sizes: Int32Array;
}

/** Path lengths that scoring needs, computed from the skeleton alone. */
export interface PathLengths {
  /** At a leaf its depth plus c(size), the mean depth of what it did not split; at a split the mean over its rows. */
  readonly expected: Float64Array;
  /** Depth of the deepest leaf. */
  readonly depthMax: number;
  /** Mean over trees of the root's expected path length. */
  readonly baseline: number;
}

/** One pass down for depths, one pass up for the means: parents stand before children. */
export function pathLengths(trees: LinkedTrees): PathLengths {
  const { roots, lefts, sizes } = trees;
  const expected = new Float64Array(lefts.length);
  let depthMax = 0;
  for (let node = 0; node < lefts.length; node++) {
    const left = lefts[node];
    const depth = expected[node];
    if (left === 0) {
      expected[node] = depth + averagePathLength(sizes[node]);
      depthMax = Math.max(depthMax, depth);
    } else {
      expected[left] = depth + 1;
      expected[left + 1] = depth + 1;
    }
  }
  for (let node = lefts.length - 1; node >= 0; node--) {
    const left = lefts[node];
    if (left === 0) continue;
    const leftSize = sizes[left];
    const rightSize = sizes[left + 1];
    expected[node] = (leftSize * expected[left] + rightSize * expected[left + 1]) / (leftSize + rightSize);
  }
  let sum = 0;
  for (const root of roots) sum += expected[root];
  return { expected, depthMax, baseline: sum / roots.length };
}

/** Joins trees one behind the other, and moves the children's indexes, which count from each tree's root. */
export function joinSkeletons(grown: readonly Pick<LinkedTrees, "lefts" | "sizes">[]): LinkedTrees {
  const nodeCount = grown.reduce((sum, tree) => sum + tree.lefts.length, 0);
  const roots = new Int32Array(grown.length);
  const lefts = new Int32Array(nodeCount);
  const sizes = new Int32Array(nodeCount);
  let root = 0;
  for (const [index, tree] of grown.entries()) {
    roots[index] = root;
    sizes.set(tree.sizes, root);
    for (const [node, left] of tree.lefts.entries()) lefts[root + node] = left === 0 ? 0 : root + left;
    root += tree.lefts.length;
  }
  return { roots, lefts, sizes };
}

/**
 * Checks what walks over trees from a file rely on: children behind their parent and inside its tree, so that every walk ends,
 * and one parent for each node but the roots, so that there are no more ways down than nodes.
 * @throws NomalyError MODEL_FILE naming the first array that breaks it.
 */
export function requireLinkedTrees({ roots, lefts, sizes }: LinkedTrees): void {
  if (roots.length === 0 || roots.length > treeCountMax) throw damaged("roots", `1 to ${treeCountMax} entries`);
  if (roots[0] !== 0) throw damaged("roots", "a first root at node 0");
  const isChild = new Uint8Array(lefts.length);
  for (let tree = 0; tree < roots.length; tree++) {
    const end = tree + 1 < roots.length ? roots[tree + 1] : lefts.length;
    if (!(roots[tree] < end)) throw damaged("roots", "rising indexes of nodes");
    for (let node = roots[tree]; node < end; node++) {
      const left = lefts[node];
      // Parents stand before their children, so the parent of a node has been visited before the node.
      if ((isChild[node] === 1) === (node === roots[tree]))
        throw damaged("lefts", `one parent for node ${node}, none for a root`);
      if (left !== 0) {
        if (!(left > node && left + 1 < end)) throw damaged("lefts", `children of node ${node} behind it in its tree`);
        if (isChild[left] + isChild[left + 1] > 0) throw damaged("lefts", `children of node ${node} that no other node has`);
        isChild.fill(1, left, left + 2);
      }
      // A leaf may be empty; a split has rows on one side at least, over which it takes a mean.
      const size = left === 0 ? sizes[node] : sizes[left] + sizes[left + 1] - 1;
      if (!(size >= 0)) throw damaged("sizes", `rows below node ${node}`);
    }
  }
}
