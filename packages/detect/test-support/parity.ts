/** Compares our scores with the parity files: the same rows, the same parameters, the reference library's own digits. */

import type { AnyDetector } from "../src/detector/detector.ts";
import { fitThreshold } from "../src/thresholds/index.ts";
import { fitForTest, largestRelativeDifference, scoresOf } from "./fit.ts";
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

export interface ParityComparison {
  readonly setName: string;
  /** The entry's name in the parity file. */
  readonly entry: string;
  readonly detectorId: string;
  /** Largest relative differences. */
  readonly training: number;
  readonly fresh: number;
  readonly threshold: number;
  /** Rows labelled otherwise than by the reference. */
  readonly labelDifferenceCount: number;
  /** What our side threw, where it could not fit. */
  readonly error?: string;
}

/** Entries of a parity file that one of the detectors can be held to, with that detector. */
export function parityEntries(parityCase: ParityCase, detectors: readonly AnyDetector[]): [string, ParityScores, AnyDetector][] {
  return Object.entries(parityCase.detectors).flatMap(([entry, scores]): [string, ParityScores, AnyDetector][] => {
    const detector = detectors.find(({ id }) => id === classIds.get(scores.class));
    return detector === undefined || scores.error !== undefined ? [] : [[entry, scores, detector]];
  });
}

export async function compareWithReference(
  parityCase: ParityCase,
  entry: string,
  scores: ParityScores,
  detector: AnyDetector,
): Promise<ParityComparison> {
  const { train, fresh, name: setName } = parityCase;
  const { random_state: _, svd_solver: __, ...params } = scores.params;
  const compat = "compat" in detector.params ? { compat: "pyod" } : {};
  const base = { setName, entry, detectorId: detector.id };
  try {
    const { model, trainingScores } = await fitForTest(detector, train, { ...params, ...compat });
    const threshold = fitThreshold(trainingScores, { method: "contamination", contamination: 0.1 });
    const labels = Array.from(trainingScores, (score) => (score > threshold ? 1 : 0));
    return {
      ...base,
      training: largestRelativeDifference(trainingScores, scores.decision_scores),
      fresh: largestRelativeDifference(scoresOf(model, fresh), scores.decision_function_new),
      threshold: largestRelativeDifference([threshold], [scores.threshold]),
      labelDifferenceCount: labels.filter((label, row) => label !== scores.labels[row]).length,
    };
  } catch (error) {
    const none = Number.POSITIVE_INFINITY;
    return { ...base, training: none, fresh: none, threshold: none, labelDifferenceCount: train.rowCount, error: String(error) };
  }
}
