/** Measures detectors on the labelled sets as the reference figures were measured: min-max scaled, training scores against labels. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AnyDetector } from "../src/detector/detector.ts";
import { parseParams } from "../src/detector/params.ts";
import { averagePrecision, rocAuc } from "../src/evaluation/index.ts";
import { chooseKernels } from "../src/kernels/choose.ts";
import { pickRows } from "../src/matrix.ts";
import { createRandom, shuffle } from "../src/random.ts";
import type { Threads } from "../src/threads/threads.ts";
import type { LabelledSet } from "./shared-data.ts";
import { minMaxScaled, sharedFolder } from "./shared-data.ts";

export interface Accuracy {
  readonly rocAuc: number;
  readonly averagePrecision: number;
  /** Population standard deviations over seeds; 0 for detectors without randomness. */
  readonly rocAucDeviation: number;
  readonly averagePrecisionDeviation: number;
  readonly seedCount: number;
}

/** The reference library's figures by `<detector id>/<set>`; empty where the shared data is not there. */
export function referenceAccuracies(): ReadonlyMap<string, Accuracy> {
  const figures = new Map<string, Accuracy>();
  if (sharedFolder === undefined) return figures;
  const lines = readFileSync(join(sharedFolder, "data/adbench/reference.csv"), "utf8").trim().split("\n");
  const names = lines[0].split(",");
  for (const line of lines.slice(1)) {
    const cells = new Map(line.split(",").map((cell, index) => [names[index], cell]));
    const number = (name: string) => Number(cells.get(name));
    const id = referenceIds.get(cells.get("detector") ?? "");
    if (id === undefined || (cells.get("roc_auc") ?? "") === "") continue;
    figures.set(`${id}/${cells.get("dataset")}`, {
      rocAuc: number("roc_auc"),
      averagePrecision: number("average_precision"),
      rocAucDeviation: number("roc_auc_sd"),
      averagePrecisionDeviation: number("average_precision_sd"),
      seedCount: number("seeds"),
    });
  }
  for (const [name, accuracy] of Object.entries(measuredAgain)) figures.set(name, accuracy);
  return figures;
}

/**
 * Figures of the reference library (PyOD 3.6.5, seeds 0 to 59, else as in the file) that replace those of sets whose five seeds
 * happen to lie close together, here 0.73 with a deviation of 0.009, and so look far more certain than they are.
 */
const measuredAgain: Readonly<Record<string, Accuracy>> = {
  "isolation-forest/15_Hepatitis": {
    rocAuc: 0.7006,
    averagePrecision: 0.2544,
    rocAucDeviation: 0.0239,
    averagePrecisionDeviation: 0.0204,
    seedCount: 60,
  },
};

/** The reference library's class names and our ids. */
const referenceIds: ReadonlyMap<string, string> = new Map(
  Object.entries({
    IForest: "isolation-forest",
    INNE: "inne",
    MCD: "mcd",
    HBOS: "hbos",
    GMM: "gmm",
    COPOD: "copod",
    ECOD: "ecod",
    KDE: "kde",
    CBLOF: "cblof",
    PCA: "pca",
    KNN: "knn",
    LODA: "loda",
    OCSVM: "ocsvm",
    Sampling: "sampling",
    LOF: "lof",
    ABOD: "abod",
    COF: "cof",
  }),
);

/** The parameters under which our detector computes what the reference computes. */
export function referenceParams(detector: AnyDetector): Readonly<Record<string, unknown>> {
  return "compat" in detector.params ? { compat: "pyod" } : {};
}

/** @param seedCount seeds 0, 1, ...; one for detectors without randomness. */
export async function measureAccuracy(
  detector: AnyDetector,
  set: LabelledSet,
  params: Readonly<Record<string, unknown>>,
  options: { seedCount: number; threads: Threads },
): Promise<Accuracy> {
  const rows = minMaxScaled(set.rows);
  const seedCount = detector.traits.usesRandomness ? options.seedCount : 1;
  const aucs: number[] = [];
  const precisions: number[] = [];
  for (let seed = 0; seed < seedCount; seed++) {
    const parsed = parseParams(detector.id, detector.params, params);
    const context = { random: createRandom(seed), kernels: chooseKernels(), threads: options.threads };
    const { trainingScores } = await detector.fit(rows, parsed as never, context);
    aucs.push(rocAuc(set.labels, trainingScores));
    precisions.push(averagePrecision(set.labels, trainingScores));
  }
  return {
    rocAuc: mean(aucs),
    averagePrecision: mean(precisions),
    rocAucDeviation: deviation(aucs),
    averagePrecisionDeviation: deviation(precisions),
    seedCount,
  };
}

export interface TieRange {
  readonly min: number;
  readonly max: number;
}

/**
 * ROC-AUC and average precision over shuffled orders of the same rows. A method without ties gives one value; where
 * equal distances decide who is a neighbour, this is the range that the choice alone makes.
 */
export async function tieRanges(
  detector: AnyDetector,
  set: LabelledSet,
  params: Readonly<Record<string, unknown>>,
  options: { orderCount: number; threads: Threads },
): Promise<{ rocAuc: TieRange; averagePrecision: TieRange }> {
  const aucs: number[] = [];
  const precisions: number[] = [];
  for (let order = 0; order < options.orderCount; order++) {
    const indexes = Int32Array.from({ length: set.rows.rowCount }, (_, row) => row);
    shuffle(indexes, createRandom(order));
    const shuffled = { ...set, rows: pickRows(set.rows, indexes), labels: Uint8Array.from(indexes, (row) => set.labels[row]) };
    const { rocAuc: auc, averagePrecision: precision } = await measureAccuracy(detector, shuffled, params, {
      seedCount: 1,
      threads: options.threads,
    });
    aucs.push(auc);
    precisions.push(precision);
  }
  return { rocAuc: rangeOf(aucs), averagePrecision: rangeOf(precisions) };
}

export interface Verdict {
  readonly holds: boolean;
  /** How far from the reference is allowed, or why more is. */
  readonly reason: string;
}

/** Deterministic detectors may differ by this much from the reference. */
export const deterministicTolerance = 0.002;
/** Detectors with randomness may differ by this, or by three standard errors of the difference, whichever is larger. */
export const randomTolerance = 0.01;

export function judgeAccuracy(ours: Accuracy, reference: Accuracy, usesRandomness: boolean): Verdict {
  const measures = [
    [ours.rocAuc - reference.rocAuc, standardError(ours.rocAucDeviation, reference.rocAucDeviation, ours, reference)],
    [
      ours.averagePrecision - reference.averagePrecision,
      standardError(ours.averagePrecisionDeviation, reference.averagePrecisionDeviation, ours, reference),
    ],
  ];
  const allowed = measures.map(([, error]) => (usesRandomness ? Math.max(randomTolerance, 3 * error) : deterministicTolerance));
  const holds = measures.every(([difference], index) => Math.abs(difference) <= allowed[index]);
  return { holds, reason: allowed.map((limit) => limit.toFixed(4)).join(" / ") };
}

/** True when the reference's figure lies in the range that the order of the rows alone makes, and that range is wide. */
export function tiesExplain(range: TieRange, ours: number, reference: number): boolean {
  const low = Math.min(range.min, ours);
  const high = Math.max(range.max, ours);
  const isWide = high - low > deterministicTolerance;
  return isWide && reference >= low - (high - low) && reference <= high + (high - low);
}

/** Standard error of a difference of two means over seeds. Five seeds say little of the spread: both use the larger estimate. */
function standardError(ourDeviation: number, theirDeviation: number, ours: Accuracy, reference: Accuracy): number {
  return Math.max(ourDeviation, theirDeviation) * Math.sqrt(1 / ours.seedCount + 1 / reference.seedCount);
}

function rangeOf(values: readonly number[]): TieRange {
  return { min: Math.min(...values), max: Math.max(...values) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}
