/** The fitted hbos model: bins for each column, and what falling into each of them adds to a score. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray, stateChoice, stateFiniteArray, stateNumber } from "../../detector/state.ts";
import { binSearch } from "../../structures/histograms/column-bins.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { columnCountMax } from "../../matrix.ts";

const sides = ["left", "right"] as const;

export interface HbosState {
  /** Place of each column's first bin; one entry more than columns. */
  readonly firstBins: Int32Array;
  readonly edges: Float64Array;
  /** Minus log2 of each bin's density plus alpha. */
  readonly cells: Float64Array;
  /** How far beyond the outermost bin a value still counts to it, in widths of that bin. */
  readonly tol: number;
  /** The side on which a bin takes in its edge. */
  readonly closed: (typeof sides)[number];
}

export function createHbosModel(state: HbosState, kernels: KernelSet): Model {
  const { firstBins, edges, cells, tol, closed } = state;
  const columnCount = firstBins.length - 1;
  const outside = Float64Array.from({ length: columnCount }, (_, c) => largest(cells, firstBins[c], firstBins[c + 1]));
  const bins = { ...binSearch({ firstBins, edges }, closed), edges, cells, tol, outside };

  return {
    columnCount,
    scoreInto: (rows, scores) => kernels.binnedSumsInto(rows, bins, scores),
    contributionsInto: (rows, out) => kernels.binnedCellsInto(rows, bins, out),
    toState: () => ({ values: { tol, closed }, arrays: { firstBins, edges, cells } }),
  };
}

function largest(values: Float64Array, start: number, end: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i++) max = Math.max(max, values[i]);
  return max;
}

export function restoreHbos(state: ModelState, kernels: KernelSet): Model {
  const firstBins = stateArray(state, "firstBins", Int32Array);
  const columnCount = firstBins.length - 1;
  if (columnCount < 1 || columnCount > columnCountMax) throw damaged("firstBins", `2 to ${columnCountMax + 1} entries`);
  const rising = firstBins.every((bin, i) => (i === 0 ? bin === 0 : bin > firstBins[i - 1]));
  if (!rising) throw damaged("firstBins", "entries that rise from 0");
  const binCount = firstBins[columnCount];
  const edges = stateFiniteArray(state, "edges", binCount + columnCount);
  const cells = stateFiniteArray(state, "cells", binCount);
  for (let column = 0; column < columnCount; column++) {
    for (let at = firstBins[column] + column; at < firstBins[column + 1] + column; at++) {
      if (!(edges[at] < edges[at + 1])) throw damaged("edges", "edges that rise within each column");
    }
  }
  return createHbosModel(
    {
      firstBins,
      edges,
      cells,
      tol: stateNumber(state, "tol", 0, 1),
      closed: stateChoice(state, "closed", sides),
    },
    kernels,
  );
}
