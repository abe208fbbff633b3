/** inne: whether a row lies inside any of a few balls around sampled rows, and how dense it is there. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { NomalyError } from "../../errors.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { inTurns } from "../../threads/pieces.ts";
import { maxSamplesParam, sampleSize } from "../../structures/trees/sample-size.ts";
import { drawMember, emptyEnsemble, radiiChoices } from "./grow.ts";
import { createInneModel, memberCountMax, restoreInne } from "./model.ts";

const autoSampleSize = 8;
/** Most values in all centres: 1 GiB of them. */
const centerValueCountMax = 134_217_728;

/**
 * Scores a row by balls around a few sampled rows: high outside all balls, or in a ball much larger than its neighbour's.
 *
 * Each member samples a few rows and draws a ball around each, up to the nearest other one: small balls where rows are dense.
 * A row that no ball covers is as isolated as can be and gets 1. A covered one gets, from the smallest ball that covers it, how
 * much larger that ball is than its neighbour's. The mean over the members is the score.
 *
 * Good at: anomalies near dense clusters, clusters of different density, large tables. Bad at: many irrelevant
 * columns, columns of different units (scale first), many duplicates.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   [0, 1], 1 most isolated; columns: comparable, scale first.
 * Missing refused.
 * Cost    fit O(t m^2 d) with t members of m balls, score O(t m d) a row; memory O(t m d).
 * Random  seed decides; equal seeds give equal bits on any kernel set and number of threads.
 * Numeric distances are summed in order of the columns, so a centre on the edge of a ball is covered; balls whose squared
 *         radius overflows cover everything.
 * Errors  PARAM: a number above 1 for maxSamples that is not whole; members, balls and columns beyond a gibibyte.
 * Source  Bandaragoda, Ting, Albrecht, Liu, Zhu and Wells, Isolation-based anomaly detection using nearest-neighbor
 *         ensembles, Computational Intelligence 34(4), 2018; deviates from it in squaring the radii of a value, as PyOD does.
 */
export const inne = defineDetector({
  id: "inne",
  summary: "Whether a row lies inside balls around sampled rows: isolation that sees local density, fast on large tables.",
  traits: {
    ...traitDefaults,
    usesRandomness: true,
    rowOrderMatters: true,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    nEstimators: { kind: "integer", default: 200, min: 1, max: memberCountMax, summary: "Members; more give steadier scores." },
    maxSamples: maxSamplesParam(autoSampleSize),
    radii: {
      kind: "choice",
      default: "squared",
      choices: radiiChoices,
      summary: "What a ball's value compares: squared radii, as PyOD does, or the radii themselves, as the paper does.",
    },
  },
  async fit(train, params, context) {
    const options = {
      memberCount: params.nEstimators,
      ballCount: sampleSize("inne", params.maxSamples, autoSampleSize, train.rowCount),
      radii: params.radii,
    };
    requireMemory(options.memberCount * options.ballCount * train.columnCount);
    const ensemble = emptyEnsemble(train.columnCount, options);
    for (let member = 0; member < options.memberCount; member++) {
      const place = { ensemble, member };
      await inTurns(drawMember(train, options, context.random.stream(member), place), context.signal);
    }
    const model = createInneModel(ensemble, context.kernels);
    return { model, trainingScores: await scoreRows("inne", model, train, context) };
  },
  restore: restoreInne,
});

function requireMemory(valueCount: number): void {
  if (valueCount <= centerValueCountMax) return;
  const expected = `at most ${centerValueCountMax} values in all centres`;
  throw new NomalyError("PARAM", `inne: n_estimators * max_samples * columns must be ${expected}, got ${valueCount}`, {
    field: "maxSamples",
    expected,
    received: String(valueCount),
  });
}
