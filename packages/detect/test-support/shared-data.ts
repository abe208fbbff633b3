/** Finds the real data sets that tests use when they are there: `NOMALY_SHARED`, or `../shared` beside the checkout. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Matrix } from "../src/matrix.ts";

const repository = resolve(import.meta.dirname, "../../..");

/** The folder that holds `data/`, or undefined when it is not on this machine. */
export const sharedFolder: string | undefined = [process.env["NOMALY_SHARED"], join(repository, "../shared")].find(
  (folder) => folder !== undefined && existsSync(join(folder, "data/README.md")),
);

/** One detector's reference scores in a parity file; see the README there. */
export interface ParityScores {
  readonly class: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly decision_scores: readonly number[];
  readonly decision_function_train: readonly number[];
  readonly decision_function_new: readonly number[];
  readonly threshold: number;
  readonly labels: readonly number[];
  readonly fit?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

export interface ParityCase {
  readonly name: string;
  readonly train: Matrix;
  readonly fresh: Matrix;
  readonly detectors: Readonly<Record<string, ParityScores>>;
  readonly randomDetectors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The four parity sets; empty when the data is not there. */
export function parityCases(): ParityCase[] {
  if (sharedFolder === undefined) return [];
  const folder = join(sharedFolder, "data/parity");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const content = JSON.parse(readFileSync(join(folder, name), "utf8"), reviveInfinity) as Record<string, never>;
      return {
        name: name.replace(".json", ""),
        train: fromRows(content["X"]),
        fresh: fromRows(content["X_new"]),
        detectors: content["detectors"],
        randomDetectors: content["random_detectors"],
      };
    });
}

function reviveInfinity(_key: string, value: unknown): unknown {
  if (value === "inf") return Number.POSITIVE_INFINITY;
  if (value === "-inf") return Number.NEGATIVE_INFINITY;
  return value === "nan" ? Number.NaN : value;
}

export interface LabelledSet {
  readonly name: string;
  /** Source values, not scaled. */
  readonly rows: Matrix;
  readonly labels: Uint8Array;
}

/** Names of the labelled sets (such as `14_glass`), in the order of their numbers; empty when the data is not there. */
export function adbenchNames(): string[] {
  if (sharedFolder === undefined) return [];
  return readdirSync(join(sharedFolder, "data/adbench"))
    .filter((name) => name.endsWith(".csv.gz"))
    .map((name) => name.replace(".csv.gz", ""))
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

export function adbenchSet(name: string): LabelledSet {
  if (sharedFolder === undefined) throw new Error("the shared data is not on this machine");
  const text = gunzipSync(readFileSync(join(sharedFolder, `data/adbench/${name}.csv.gz`))).toString("utf8");
  const lines = text.trimEnd().split("\n").slice(1);
  const width = lines[0].split(",").length - 1;
  const values = new Float64Array(lines.length * width);
  const labels = new Uint8Array(lines.length);
  for (const [row, line] of lines.entries()) {
    const cells = line.split(",");
    for (let column = 0; column < width; column++) values[row * width + column] = Number(cells[column]);
    labels[row] = Number(cells[width]);
  }
  return { name, rows: { rowCount: lines.length, columnCount: width, values }, labels };
}

/** Min-max scaled to [0, 1] as scikit-learn's MinMaxScaler computes it: x * scale + (0 - min * scale). */
export function minMaxScaled(rows: Matrix): Matrix {
  const { rowCount, columnCount } = rows;
  const values = new Float64Array(rows.values.length);
  for (let column = 0; column < columnCount; column++) {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let at = column; at < rows.values.length; at += columnCount) {
      min = Math.min(min, rows.values[at]);
      max = Math.max(max, rows.values[at]);
    }
    const scale = max === min ? 1 : 1 / (max - min);
    const offset = 0 - min * scale;
    for (let at = column; at < rows.values.length; at += columnCount) values[at] = rows.values[at] * scale + offset;
  }
  return { rowCount, columnCount, values };
}

function fromRows(rows: readonly (readonly number[])[]): Matrix {
  const columnCount = rows[0].length;
  return { rowCount: rows.length, columnCount, values: Float64Array.from(rows.flat()) };
}
