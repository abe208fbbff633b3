/**
 * Compares our scores with the parity files: the same rows, the same parameters, the reference library's own digits. Every score
 * must meet the goal, but for the rows that parity-exceptions.ts names; those must meet the bound given there.
 */

import type { AnyDetector } from "../src/detector/detector.ts";
import { exceptionsOf, type ParityException } from "./parity-exceptions.ts";
import { measureOurs, type OurScores } from "./parity-scores.ts";
import type { ParityCase, ParityScores } from "./shared-data.ts";

/** The reference library's classes whose scores have one right value, and our ids. */
const classIds: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ECOD: "ecod",
    COPOD: "copod",
    KNN: "knn",
    LOF: "lof",
    HBOS: "hbos",
    PCA: "pca",
    ABOD: "abod",
    COF: "cof",
    KDE: "kde",
    OCSVM: "ocsvm",
    GMM: "gmm",
    MCD: "mcd",
  }),
);

/** Relative difference up to which scores count as the same. */
export const parityGoal = 1e-9;
/** A score is near zero up to this share of the set's largest one. */
const nearZeroShare = 2e-4;

/** `training`: of the rows fitted on. `fresh`: of new rows, scored as the reference scores them. See OurScores for the others. */
export const figureNames = ["training", "fresh", "alone", "formula", "threshold"] as const;
export type FigureName = (typeof figureNames)[number];

export interface ParityFigure {
  readonly name: FigureName;
  /** Largest relative difference of any row. */
  readonly difference: number;
  readonly rowCount: number;
  /** Rows above the goal. */
  readonly rows: readonly number[];
  readonly exceptions: readonly ParityException[];
}

export interface ParityComparison {
  readonly setName: string;
  /** The entry's name in the parity file. */
  readonly entry: string;
  readonly detectorId: string;
  readonly figures: readonly ParityFigure[];
  /** Rows that we label otherwise than the reference. */
  readonly labelDifferenceCount: number;
  /** Descriptions of faults; empty when the comparison found none. */
  readonly complaints: readonly string[];
}

export interface ParityQuestion {
  readonly parityCase: ParityCase;
  readonly entry: string;
  readonly scores: ParityScores;
  readonly detector: AnyDetector;
}

/** The entries of a parity file that one of the detectors can be compared with, with that detector. */
export function parityEntries(parityCase: ParityCase, detectors: readonly AnyDetector[]): ParityQuestion[] {
  return Object.entries(parityCase.detectors).flatMap(([entry, scores]) => {
    const detector = detectors.find(({ id }) => id === classIds.get(scores.class));
    return detector === undefined || scores.error !== undefined ? [] : [{ parityCase, entry, scores, detector }];
  });
}

export async function compareWithReference(question: ParityQuestion): Promise<ParityComparison> {
  return compareScores(question, await measureOurs(question));
}

/** Pure, so that a test can see what it says to wrong scores. */
export function compareScores({ parityCase, entry, scores, detector }: ParityQuestion, ours: OurScores): ParityComparison {
  const setName = parityCase.name;
  const references: Readonly<Record<FigureName, ArrayLike<number> | undefined>> = {
    training: scores.decision_scores,
    fresh: scores.decision_function_new,
    alone: ours.aloneExpected,
    formula: scores.decision_scores,
    threshold: [scores.threshold],
  };
  const figures: ParityFigure[] = [];
  const complaints: string[] = [];
  for (const name of figureNames) {
    const [own, expected] = [ours[name], references[name]];
    if (own === undefined || expected === undefined) continue;
    const exceptions = exceptionsOf(entry, setName, name);
    const differences = relativeDifferences(own, expected);
    const rows = [...differences.keys()].filter((row) => !(differences[row] <= parityGoal));
    figures.push({ name, difference: Math.max(...differences), rowCount: differences.length, rows, exceptions });
    complaints.push(...complaintsAbout({ name, expected, differences, rows, exceptions }, ours));
  }
  const differing = [...ours.labels.keys()].filter((row) => ours.labels[row] !== scores.labels[row]);
  const excused = figures.find(({ name }) => name === "training")?.rows ?? [];
  for (const row of differing) {
    if (!excused.includes(row) && !isBetweenThresholds(scores, ours, row)) complaints.push(`label of row ${row}`);
  }
  return { setName, entry, detectorId: detector.id, figures, labelDifferenceCount: differing.length, complaints };
}

interface Differences extends Pick<ParityFigure, "name" | "rows" | "exceptions"> {
  readonly expected: ArrayLike<number>;
  readonly differences: readonly number[];
}

function complaintsAbout({ name, expected, differences, rows, exceptions }: Differences, ours: OurScores): string[] {
  const complaints: string[] = [];
  const nearZero = nearZeroShare * Array.from(expected, Math.abs).reduce((a, b) => Math.max(a, b), 0);
  const isNamed = ({ rows: named }: ParityException, row: number): boolean => {
    if (named === "all") return true;
    if (named === "tied") return ours.isTied(name, row);
    if (named === "near zero") return Math.abs(expected[row]) <= nearZero;
    return named.includes(row);
  };
  for (const row of rows) {
    const bound = Math.max(0, ...exceptions.filter((one) => isNamed(one, row)).map(({ differenceMax }) => differenceMax));
    if (!(differences[row] <= bound)) complaints.push(`${name} of row ${row} differs by ${differences[row].toExponential(1)}`);
  }
  if (exceptions.length > 0 && rows.length === 0) complaints.push(`${name} has exceptions that it does not need`);
  return complaints;
}

/** The threshold lies among the scores: where both thresholds agree, only a score that ties with it may fall on either side. */
function isBetweenThresholds(scores: ParityScores, ours: OurScores, row: number): boolean {
  const slack = parityGoal * Math.abs(scores.threshold);
  const [low, high] = [scores.threshold, ours.threshold[0]].toSorted((a, b) => a - b);
  const score = scores.decision_scores[row];
  return score >= low - slack && score <= high + slack;
}

/** `|a - b|` against the larger of both; equal values, infinities too, differ by 0, and a number from what is none by infinity. */
function relativeDifferences(actual: ArrayLike<number>, expected: ArrayLike<number>): number[] {
  if (actual.length !== expected.length) throw new Error(`${actual.length} scores where the reference has ${expected.length}`);
  return Array.from(actual, (value, row) => {
    const other = expected[row];
    if (value === other) return 0;
    const difference = Math.abs(value - other) / Math.max(Math.abs(value), Math.abs(other));
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  });
}

/** Why figures lie above the goal; empty where none does. */
export function parityReason({ figures, labelDifferenceCount, complaints }: ParityComparison): string {
  if (complaints.length > 0) return "**unexplained**";
  const reasons = figures.flatMap(({ exceptions }) => exceptions.map(({ reason }) => reason));
  if (reasons.length === 0 && labelDifferenceCount > 0) return "scores equal to the threshold up to rounding";
  return [...new Set(reasons)].join("; ");
}
