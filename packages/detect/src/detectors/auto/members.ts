/** The members of the ensemble: what each asks, in which space, of which rows, what it costs, and when it is left out. */

import type { AnyDetector, FitSize } from "../../detector/detector.ts";
import { cblof } from "../cblof/index.ts";
import { isolationForest } from "../isolation-forest/index.ts";
import { knn } from "../knn/index.ts";
import { mcd } from "../mcd/index.ts";
import type { Space } from "./spaces.ts";

export const memberNames = ["forest", "neighbors", "asinhNeighbors", "clusters", "covariance"] as const;
export type MemberName = (typeof memberNames)[number];

export interface MemberPlan {
  readonly detector: AnyDetector;
  readonly space: Space;
  /** Whether it learns from the reference rows, among which a row is not its own neighbour. */
  readonly seeksReferences: boolean;
  /** What the member counts in the score. */
  readonly weight: number;
  /** What the member looks at, in a word or two. */
  readonly looksAt: string;
  /** What it finds, for people. */
  readonly sees: string;
}

export const memberPlans: Readonly<Record<MemberName, MemberPlan>> = {
  forest: {
    detector: isolationForest,
    space: "raw",
    seeksReferences: false,
    weight: 0.5,
    looksAt: "single values",
    sees: "values far out in single columns",
  },
  neighbors: {
    detector: knn,
    space: "robust",
    seeksReferences: true,
    weight: 1,
    looksAt: "neighbours",
    sees: "rows far from all usual rows",
  },
  asinhNeighbors: {
    detector: knn,
    space: "asinh",
    seeksReferences: true,
    weight: 1,
    looksAt: "neighbours",
    sees: "rows far from all usual rows, where single huge values count less",
  },
  clusters: {
    detector: cblof,
    space: "asinh",
    seeksReferences: false,
    weight: 1,
    looksAt: "clusters",
    sees: "rows far from the large clusters",
  },
  covariance: {
    detector: mcd,
    space: "raw",
    seeksReferences: false,
    weight: 1,
    looksAt: "relations",
    sees: "broken relations between columns",
  },
};

/** Each once. */
export const memberDetectors: readonly AnyDetector[] = [isolationForest, knn, cblof, mcd];

export interface AutoParams {
  readonly nEstimators: number;
  readonly trim: number;
  readonly referenceRows: number;
  readonly nNeighbors: number;
  readonly neighbors: boolean;
  readonly clusters: boolean;
  readonly covariance: boolean;
  readonly timeBudget: number;
}

/** A member that takes no part, and why. */
export interface LeftOut {
  readonly name: MemberName;
  readonly reason: string;
}

/** Rows that the clusters are fitted on, at most. */
export const clusterRowCountMax = 20_000;
/** With more columns a covariance matrix says little and costs much. */
export const covarianceColumnCountMax = 300;
/** The share of the rows that must be packed tightly for the covariance, and how many rows there must be so that 2 are. */
export const covarianceSupport = { fraction: 0.75, rowMinimum: 3 } as const;
export const clusterCount = 8;
/** Most rows among which neighbours can be sought. */
export const referenceRowCountMax = 100_000;

/** Rows that the covariance is fitted on, at most: 50 for each of its columns, from 5000 to 20,000. */
export function covarianceRowCountMax(columnCount: number): number {
  return Math.min(20_000, Math.max(5000, 50 * columnCount));
}

/**
 * Nanoseconds of one processor, measured in 2026-12 on two shared cores with tables of 1,000 to 100,000 rows and 2 to 300 columns: what is
 * predicted from them lies within a factor of 2 of what was measured, where that was a tenth of a second or more.
 */
const cost = {
  forestStart: 8e7,
  forestColumn: 1e6,
  treeRow: 5.5,
  /** A row against a reference row, and a column more of both. */
  referenceRow: 5,
  referenceValue: 0.08,
  /** A row sorted and looked up among the scores of a member. */
  rankedRow: 1200,
  /** A value turned into another space. */
  spaceValue: 60,
  clustersStart: 5e7,
  clustersFittedValue: 350,
  clustersScoredValue: 13,
  covarianceStart: 2e8,
  covarianceFittedRow: 20_000,
  covarianceFittedValue: 2000,
  /** A pair of columns of a fitted row, and of a scored one. */
  covarianceFittedPair: 80,
  covarianceScoredPair: 0.4,
  /** Three columns: matrices are inverted again and again. */
  covarianceTriple: 1300,
};
/** The prediction is for so many threads. */
const threadCount = 2;

/** Seconds that each member will take with two threads: by the size of the table alone, so that equal seeds give equal bits on any machine. */
export function predictedSeconds(
  rowCount: number,
  columnCount: number,
  params: AutoParams,
): Readonly<Record<MemberName, number>> {
  const values = rowCount * columnCount;
  const clusterRowCount = Math.min(rowCount, clusterRowCountMax);
  const fitted = Math.min(rowCount, covarianceRowCountMax(columnCount));
  const references = Math.min(Math.ceil(rowCount * (1 - params.trim)), params.referenceRows);
  const pairs = columnCount ** 2;
  const pairTime = (cost.referenceRow + cost.referenceValue * columnCount) * searchedShare(columnCount);
  const neighbors = values * cost.spaceValue + rowCount * references * pairTime;
  const nanoseconds = {
    forest: cost.forestStart + columnCount * cost.forestColumn + rowCount * params.nEstimators * cost.treeRow,
    neighbors,
    asinhNeighbors: neighbors,
    clusters: cost.clustersStart + clusterRowCount * columnCount * cost.clustersFittedValue + values * cost.clustersScoredValue,
    covariance:
      cost.covarianceStart +
      fitted * (cost.covarianceFittedRow + columnCount * cost.covarianceFittedValue + pairs * cost.covarianceFittedPair) +
      rowCount * pairs * cost.covarianceScoredPair +
      pairs * columnCount * cost.covarianceTriple,
  };
  const ranking = rowCount * cost.rankedRow;
  const seconds = Object.entries(nanoseconds).map(([name, time]) => [name, (time + ranking) / 1e9 / threadCount]);
  return Object.fromEntries(seconds) as Readonly<Record<MemberName, number>>;
}

/** A tree of the reference rows is searched in few columns: the share of them that a row is compared with. */
function searchedShare(columnCount: number): number {
  return Math.min(1, 0.08 + columnCount / 25);
}

/** Members leave in this order until the rest keep within the budget; those that still fit in then come back. The forest stays: the others learn from the rows that it keeps. */
const leavingOrder: readonly MemberName[] = ["neighbors", "covariance", "clusters", "asinhNeighbors"];

/** Which members are left out before any is fitted, and why. */
export function plannedAbsences(rowCount: number, columnCount: number, params: AutoParams): LeftOut[] {
  const absent = new Map<MemberName, string>();
  const switches: readonly [MemberName, boolean, string][] = [
    ["neighbors", params.neighbors, "neighbors"],
    ["asinhNeighbors", params.neighbors, "neighbors"],
    ["clusters", params.clusters, "clusters"],
    ["covariance", params.covariance, "covariance"],
  ];
  for (const [name, isWanted, param] of switches) if (!isWanted) absent.set(name, `switched off by the parameter ${param}`);
  if (columnCount > covarianceColumnCountMax && !absent.has("covariance")) {
    absent.set("covariance", `${columnCount} columns are more than the ${covarianceColumnCountMax} that it is fitted on`);
  }
  if (rowCount < covarianceSupport.rowMinimum && !absent.has("covariance")) {
    absent.set("covariance", `${rowCount} rows are fewer than the ${covarianceSupport.rowMinimum} that it needs`);
  }
  const seconds = predictedSeconds(rowCount, columnCount, params);
  const total = () => memberNames.reduce((sum, name) => sum + (absent.has(name) ? 0 : seconds[name]), 0);
  const dear: MemberName[] = [];
  for (const name of leavingOrder) {
    if (total() <= params.timeBudget) break;
    if (absent.has(name)) continue;
    absent.set(name, "");
    dear.push(name);
  }
  // Where a dear member left after cheap ones, these have their place again: the last that left first.
  for (const name of dear.toReversed()) if (total() + seconds[name] <= params.timeBudget) absent.delete(name);
  for (const name of dear) {
    if (!absent.has(name)) continue;
    const whole = roundedSeconds(total() + seconds[name]);
    const own = roundedSeconds(seconds[name]);
    absent.set(
      name,
      `with it the fit would take about ${whole} s, the time budget is ${params.timeBudget} s (${own} s are its own)`,
    );
  }
  return memberNames.flatMap((name) => (absent.has(name) ? [{ name, reason: absent.get(name) as string }] : []));
}

/** What the members that take part will take, and the scoring of rows that are not learned from. */
export function fitSeconds({ rowCount, columnCount, scoredRowCount }: FitSize, params: AutoParams): number {
  const absent = new Set(plannedAbsences(rowCount, columnCount, params).map(({ name }) => name));
  const seconds = predictedSeconds(Math.max(rowCount, scoredRowCount), columnCount, params);
  return memberNames.reduce((sum, name) => sum + (absent.has(name) ? 0 : seconds[name]), 0);
}

function roundedSeconds(seconds: number): string {
  return seconds >= 10 ? String(Math.round(seconds)) : seconds.toPrecision(2);
}
