/**
 * Where our scores may differ from the reference's by more than the goal: by name of the entry, data set, figure and rows, each
 * with a bound and the reason. All other figures must meet the goal. The READMEs of the detectors say more.
 */

import type { FigureName } from "./parity.ts";

export interface ParityException {
  readonly entries: readonly string[];
  readonly setName: string;
  readonly figure: FigureName;
  /**
   * `tied`: rows whose own score of ours changes with the order of the training rows. `near zero`: rows whose score is a rounding error
   * beside the largest one. A threshold is its only row.
   */
  readonly rows: readonly number[] | "all" | "tied" | "near zero";
  /** Largest difference, relative to the larger of both scores. */
  readonly differenceMax: number;
  readonly reason: string;
}

export function exceptionsOf(entry: string, setName: string, figure: FigureName): readonly ParityException[] {
  return parityExceptions.filter((one) => one.entries.includes(entry) && one.setName === setName && one.figure === figure);
}

const ties =
  "ties: which of equally near rows are neighbours; another order of the same rows moves our own scores of these rows too";
const tiedThreshold = "the threshold is the score of a row that a tie moves";
const half = "random starts find another half of the rows; with the reference's half the scores are the same";
const tree = "a far row: scikit-learn's tree loses digits there, ours agrees with the definition";
const solver = "scores near 0: the solver's tolerance, against a decision value much larger";
const [ionosphere, wbc, glass, wine] = ["18_Ionosphere", "42_WBC", "14_glass", "45_wine"];
const cof = ["COF_fast_20", "COF_memory_20"];
const ocsvm = ["OCSVM_default", "OCSVM_default_tol1e-8"];
const only = [0];

const tied: readonly (readonly [entries: readonly string[], setName: string, figure: FigureName, differenceMax: number])[] = [
  [["LOF_20"], ionosphere, "training", 2.7e-5],
  [["LOF_10"], ionosphere, "training", 6.6e-2],
  [["LOF_10"], wbc, "training", 5e-2],
  [["LOF_10"], wbc, "fresh", 3.9e-2],
  [["LOF_20"], wbc, "training", 4.3e-2],
  [["LOF_20"], wbc, "fresh", 2.8e-2],
  [["LOF_20_manhattan"], wbc, "training", 5.8e-2],
  [["LOF_20_manhattan"], wbc, "fresh", 4.2e-2],
  [["ABOD_fast_10"], wbc, "training", 5.2e-1],
  [["ABOD_fast_10"], wbc, "fresh", 1.6e-1],
  [["ABOD_fast_5"], wbc, "training", 1],
  [["ABOD_fast_5"], wbc, "fresh", 1],
  [cof, ionosphere, "training", 4.7e-2],
  [cof, wbc, "training", 6.8e-2],
];

const tiedThresholds: readonly (readonly [entries: readonly string[], setName: string, differenceMax: number])[] = [
  [["LOF_10"], ionosphere, 1.8e-2],
  [["LOF_10"], wbc, 1.5e-3],
  [["LOF_20"], wbc, 5.7e-3],
  [["LOF_20_manhattan"], wbc, 6.2e-3],
  [["ABOD_fast_10"], wbc, 2.5e-3],
  [["ABOD_fast_5"], wbc, 7.9e-2],
  [cof, ionosphere, 3.9e-4],
  [cof, wbc, 2.2e-3],
];

export const parityExceptions: readonly ParityException[] = [
  ...tied.map(([entries, setName, figure, differenceMax]): ParityException => ({
    entries,
    setName,
    figure,
    rows: "tied",
    differenceMax,
    reason: ties,
  })),
  ...tiedThresholds.map(([entries, setName, differenceMax]): ParityException => ({
    entries,
    setName,
    figure: "threshold",
    rows: only,
    differenceMax,
    reason: tiedThreshold,
  })),
  { entries: ["MCD_seed42"], setName: ionosphere, figure: "training", rows: "all", differenceMax: 8.7e-1, reason: half },
  { entries: ["MCD_seed42"], setName: ionosphere, figure: "fresh", rows: "all", differenceMax: 3e-1, reason: half },
  { entries: ["MCD_seed42"], setName: ionosphere, figure: "threshold", rows: only, differenceMax: 9.2e-2, reason: half },
  { entries: ["MCD_seed42"], setName: wbc, figure: "training", rows: "all", differenceMax: 5.4e-1, reason: half },
  { entries: ["MCD_seed42"], setName: wbc, figure: "fresh", rows: "all", differenceMax: 5e-1, reason: half },
  { entries: ["MCD_seed42"], setName: wbc, figure: "threshold", rows: only, differenceMax: 5.9e-3, reason: half },
  { entries: ["KDE_02"], setName: glass, figure: "fresh", rows: [26], differenceMax: 9.6e-2, reason: tree },
  { entries: ["KDE_02"], setName: wine, figure: "fresh", rows: [25], differenceMax: 5.6e-5, reason: tree },
  { entries: ["KDE_1"], setName: ionosphere, figure: "fresh", rows: [26], differenceMax: 1.4e-9, reason: tree },
  {
    entries: ["KNN_mean_5"],
    setName: ionosphere,
    figure: "fresh",
    rows: [21, 23],
    differenceMax: 23e-8,
    reason: "copies of training rows: scikit-learn's distances round to 1e-8 there, ours are 0",
  },
  { entries: ocsvm, setName: glass, figure: "training", rows: [122, 125], differenceMax: 1.5e-6, reason: solver },
  { entries: ocsvm, setName: wine, figure: "training", rows: [63, 71], differenceMax: 4.4e-7, reason: solver },
  {
    entries: ["OCSVM_nu01_scale"],
    setName: ionosphere,
    figure: "training",
    rows: "near zero",
    differenceMax: 2e-8,
    reason: solver,
  },
  { entries: ["OCSVM_nu01_scale"], setName: ionosphere, figure: "threshold", rows: only, differenceMax: 4e-9, reason: solver },
];
