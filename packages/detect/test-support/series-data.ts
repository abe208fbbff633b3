/** The series of the shared data, with the scores and alerts that an independent reference gives them. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Matrix } from "../src/matrix.ts";
import { sharedFolder } from "./shared-data.ts";

export interface ReferencedSeries {
  readonly name: string;
  readonly rows: Matrix;
  readonly scores: readonly number[];
  readonly alerts: readonly boolean[];
}

/** All of them; empty when the data is not there. */
export function referencedSeries(): ReferencedSeries[] {
  if (sharedFolder === undefined) return [];
  const folder = join(sharedFolder, "data/nab");
  return readdirSync(join(folder, "series-novelty")).map((file) => {
    const values = Float64Array.from(cellsOf(join(folder, file)), ([, value]) => Number(value));
    const told = cellsOf(join(folder, "series-novelty", file));
    return {
      name: file.replace(".csv.gz", ""),
      rows: { rowCount: values.length, columnCount: 1, values },
      scores: told.map(([score]) => Number(score)),
      alerts: told.map(([, alert]) => alert === "1"),
    };
  });
}

/** The cells of every line but the head. */
function cellsOf(path: string): string[][] {
  const lines = gunzipSync(readFileSync(path)).toString("utf8").trimEnd().split("\n");
  return lines.slice(1).map((line) => line.split(","));
}
