/** auto: an ensemble of detectors that look at a table in different ways, for tables of which nothing is known. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { fitAuto } from "./fit.ts";
import { fitSeconds, memberDetectors, referenceRowCountMax } from "./members.ts";
import { restoreAuto } from "./model.ts";

const specs = {
  nEstimators: { kind: "integer", default: 300, min: 1, max: 10_000, summary: "Trees of the forest." },
  trim: {
    kind: "number",
    default: 0.3,
    min: 0,
    max: 0.9,
    summary: "Share of the rows, those that the forest finds most anomalous, that neighbours and clusters do not learn from.",
  },
  referenceRows: {
    kind: "integer",
    default: 2000,
    min: 2,
    max: referenceRowCountMax,
    summary: "Distinct kept rows that neighbours are sought among.",
  },
  nNeighbors: {
    kind: "integer",
    default: 10,
    min: 1,
    max: 10_000,
    summary: "Nearest reference rows whose mean distance counts.",
  },
  neighbors: { kind: "boolean", default: true, summary: "The two members that look at neighbours take part." },
  clusters: { kind: "boolean", default: true, summary: "The member that looks at clusters takes part." },
  covariance: { kind: "boolean", default: true, summary: "The member that looks at relations between columns takes part." },
  timeBudget: {
    kind: "number",
    default: 20,
    min: 0,
    max: 1e6,
    summary: "Seconds that a fit may take with two threads, predicted from rows and columns: beyond it members are left out.",
  },
} as const;

/**
 * Asks several detectors that look at a table in different ways, and combines how anomalous each finds a row among its
 * training rows. No labels, the same rules for every table.
 *
 * 1. An isolation forest scores all rows; the share `trim` that it finds most anomalous is put aside.
 * 2. From the kept rows learn: the mean distance to near reference rows, once with columns scaled robustly and once with the
 *    asinh of those (so that single huge values do not decide), and the distance to the large clusters. A robust covariance learns from all.
 * 3. Each member's score of a row becomes its mid-rank u among the member's training scores; the score is the mean
 *    of u^6, where the forest, which chose the rows of the second stage, has half the weight of another member.
 *
 * Good at: tables of which nothing is known. Bad at: a lawful small group of rows apart from the others, which the forest puts
 * aside and which then looks anomalous to the others: use knn or gmm there.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   (0, 1): the weighted mean of sixth powers of mid-ranks; columns: any units.
 * Missing refused.
 * Cost    fit and scores O(n (t log s + r d + d^2)) with t trees on s rows and r reference rows; one row O(t log s + r d + d^2).
 * Random  seed decides; equal seeds give equal bits on any number of threads. The time budget is held against a prediction
 *         from rows and columns, never against the clock.
 * Numeric constant columns are passed over; robust values are cut off at 1e100; a member that cannot be fitted is left out.
 * Source  The two stages and the constants were measured for this project on labelled tables (docs/accuracy.md); the members'
 *         sources stand with them. Mid-ranks to a power: in the spirit of Aggarwal and Sathe, Theoretical foundations and algorithms
 *         for outlier ensembles, SIGKDD Explorations 2015.
 */
export const auto = defineDetector({
  id: "auto",
  summary: "Five detectors that see different things, combined: a good first answer where nothing is known of the table.",
  traits: {
    ...traitDefaults,
    usesRandomness: true,
    trainingScoresAreRescores: true,
    rowOrderMatters: true,
    explains: "sums-to-one",
    shiftInvariant: true,
    scaleInvariant: true,
    columnOrderMatters: true,
  },
  params: specs,
  parts: memberDetectors,
  fit: fitAuto,
  fitSeconds,
  restore: restoreAuto,
});
