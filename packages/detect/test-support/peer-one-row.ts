/** Reads peer-one-row.json, which peer-one-row.py wrote with the reference library. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Matrix } from "../src/matrix.ts";
import { matrixFromRows } from "../src/matrix.ts";

export interface PeerLoda {
  readonly projections: readonly (readonly number[])[];
  readonly limits: readonly (readonly number[])[];
  readonly histograms: readonly (readonly number[])[];
  readonly decision_scores: readonly number[];
  readonly decision_function_new: readonly number[];
}

export interface PeerOneRow {
  readonly train: Matrix;
  readonly fresh: Matrix;
  /** Scores of the fresh rows, each scored alone. */
  readonly ecod: readonly number[];
  readonly copod: readonly number[];
  readonly loda_10: PeerLoda;
  readonly loda_auto: PeerLoda;
}

export function peerOneRow(): PeerOneRow {
  const file = join(import.meta.dirname, "peer-one-row.json");
  const content = JSON.parse(readFileSync(file, "utf8")) as Omit<PeerOneRow, "train" | "fresh"> & {
    train: number[][];
    fresh: number[][];
  };
  return { ...content, train: matrixFromRows(content.train), fresh: matrixFromRows(content.fresh) };
}
