/** Broken detectors whose scores depend on more than model and row, or that write to memory of the caller. */

import type { Matrix } from "../../matrix.ts";
import type { BrokenDetector } from "./broken-detector.ts";
import { fitOf, variantOf, withModel, withScores } from "./broken-detector.ts";
import { soundDistance } from "./sound-distance.ts";

export const brokenScoring: readonly BrokenDetector[] = [
  {
    check: "count",
    fault: "leaves the last score of a batch unwritten",
    detector: withModel(soundDistance, (model) => ({
      ...model,
      scoreInto(rows, scores) {
        const held = scores[rows.rowCount - 1];
        model.scoreInto(rows, scores);
        if (rows.rowCount > 1) scores[rows.rowCount - 1] = held;
      },
    })),
  },
  {
    check: "count",
    fault: "scores far rows as NaN",
    detector: withScores(soundDistance, (score) => (score > 8 ? Number.NaN : score)),
  },
  {
    check: "row-independence",
    fault: "centres the scores on the batch",
    detector: withModel(soundDistance, (model) => ({
      ...model,
      scoreInto(rows, scores) {
        model.scoreInto(rows, scores);
        const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, rows.rowCount);
        for (let row = 0; row < rows.rowCount; row++) scores[row] -= mean;
      },
    })),
  },
  {
    check: "row-independence",
    fault: "loses a bit in the rows that fill no group of four, as careless SIMD does",
    detector: withScores(soundDistance, (score, row, rows) =>
      row < rows.rowCount - (rows.rowCount % 4) ? score : Math.fround(score),
    ),
  },
  {
    check: "row-independence",
    fault: "explains a row against the rows beside it",
    detector: withModel(soundDistance, (model) => ({
      ...model,
      contributionsInto(rows, out) {
        model.contributionsInto?.(rows, out);
        for (let at = 0; at < out.length; at++) out[at] /= rows.rowCount;
      },
    })),
  },
  {
    check: "inputs-untouched",
    fault: "centres the caller's table in place",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        for (let at = 0; at < train.values.length; at++) train.values[at] -= 1;
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  {
    check: "inputs-untouched",
    fault: "keeps the training table and looks at it when scoring",
    detector: withModel(soundDistance, (model, { train }) => ({
      ...model,
      scoreInto(rows, scores) {
        model.scoreInto(rows, scores);
        for (let row = 0; row < rows.rowCount; row++) scores[row] += train?.values[0] ?? 0;
      },
    })),
  },
  {
    check: "inputs-untouched",
    fault: "writes the value it used into the parameters",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        if (!Object.isFrozen(params)) (params as Record<string, unknown>)["power"] = 2;
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  {
    check: "repeatable",
    fault: "remembers what it scored",
    detector: withModel(soundDistance, (model) => {
      let scoredCount = 0;
      return {
        ...model,
        scoreInto(rows, scores) {
          model.scoreInto(rows, scores);
          for (let row = 0; row < rows.rowCount; row++) scores[row] += scoredCount / 1000;
          scoredCount += rows.rowCount;
        },
      };
    }),
  },
  {
    check: "zero-rows",
    fault: "takes the first row for granted",
    detector: withModel(soundDistance, (model) => ({
      ...model,
      scoreInto(rows, scores) {
        firstValue(rows);
        model.scoreInto(rows, scores);
      },
    })),
  },
];

function firstValue(rows: Matrix): string {
  return rows.values[0].toFixed(3);
}
