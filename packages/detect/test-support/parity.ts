/** Compares our scores with the parity files: the same rows, the same parameters, the reference library's own digits. */

import type { AnyDetector } from "../src/detector/detector.ts";
import type { Matrix } from "../src/matrix.ts";
import { pickRows } from "../src/matrix.ts";
import { createRandom, shuffle } from "../src/random.ts";
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

/** Relative difference up to which scores count as the same. */
export const parityGoal = 1e-9;

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
  /** How far our own training scores move when the same rows come in another order: where ties decide, more than rounding. */
  readonly orderEffect: number;
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
    const training = largestRelativeDifference(trainingScores, scores.decision_scores);
    const labels = Array.from(trainingScores, (score) => (score > threshold ? 1 : 0));
    return {
      ...base,
      training,
      fresh: largestRelativeDifference(scoresOf(model, fresh), scores.decision_function_new),
      threshold: largestRelativeDifference([threshold], [scores.threshold]),
      labelDifferenceCount: labels.filter((label, row) => label !== scores.labels[row]).length,
      orderEffect: training > parityGoal ? await orderEffect(detector, train, { ...params, ...compat }, trainingScores) : 0,
    };
  } catch (error) {
    const none = Number.POSITIVE_INFINITY;
    return {
      ...base,
      training: none,
      fresh: none,
      threshold: none,
      labelDifferenceCount: train.rowCount,
      orderEffect: 0,
      error: String(error),
    };
  }
}

const orderCount = 5;

async function orderEffect(
  detector: AnyDetector,
  train: Matrix,
  params: Readonly<Record<string, unknown>>,
  scores: Float64Array,
): Promise<number> {
  let largest = 0;
  for (let seed = 1; seed <= orderCount; seed++) {
    const order = Int32Array.from({ length: train.rowCount }, (_, row) => row);
    shuffle(order, createRandom(seed));
    const { trainingScores } = await fitForTest(detector, pickRows(train, order), params);
    const inOrder = Float64Array.from(order, (row) => scores[row]);
    largest = Math.max(largest, largestRelativeDifference(trainingScores, inOrder));
  }
  return largest;
}

/** Where the reference itself has no one right value, by detector. The READMEs of the detectors say more. */
const knownReasons: Readonly<Record<string, string>> = {
  ecod: "PyOD ranks new rows together with their batch; ours are ranked alone",
  copod: "PyOD ranks new rows together with their batch; ours are ranked alone",
  cof: "PyOD chains new rows to their batch; ours to the training rows",
  kde: "far rows: scikit-learn's tree loses digits there; ours agree with the definition. Labels: ties at the threshold",
  knn: "a copy of a training row: scikit-learn's distances round to 1e-8 there, ours are 0",
  mcd: "random starts find another half of the rows; see the README",
  ocsvm: "scores near 0: the solver's tolerance, against a decision value much larger",
};

/** Methods in which the choice among equally near rows decides. */
const tieDetectors: ReadonlySet<string> = new Set(["abod", "cof", "lof"]);

/** Why a figure lies above the goal: empty where none does, undefined where nothing explains it. */
export function parityReason(one: ParityComparison): string | undefined {
  if (one.error !== undefined) return undefined;
  const worst = Math.max(one.training, one.fresh, one.threshold);
  if (worst <= parityGoal && one.labelDifferenceCount === 0) return "";
  const known = knownReasons[one.detectorId];
  const ties = tieDetectors.has(one.detectorId) && one.orderEffect > parityGoal;
  const byTies = ties ? `ties: another order of the same rows moves ours by ${one.orderEffect.toExponential(1)}` : undefined;
  if (ties && one.fresh <= parityGoal) return byTies;
  return [byTies, known].filter((reason) => reason !== undefined).join("; ") || undefined;
}
