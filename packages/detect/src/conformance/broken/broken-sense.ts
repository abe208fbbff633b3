/** Broken detectors that find no anomalies, explain scores wrongly, or fail on degenerate tables. */

import { NomalyError } from "../../errors.ts";
import type { BrokenDetector } from "./broken-detector.ts";
import { fitOf, variantOf, withModel, withScores, withTraits } from "./broken-detector.ts";
import { soundDistance } from "./sound-distance.ts";
import { soundRandom } from "./sound-random.ts";

export const brokenSense: readonly BrokenDetector[] = [
  { check: "scores-differ", fault: "gives every row the same score", detector: withScores(soundDistance, () => 1) },
  {
    check: "far-point-outranks",
    fault: "takes what is very far for normal, as a periodic kernel does",
    detector: withScores(soundDistance, (score) => (score > 100 ? 0 : score)),
  },
  { check: "beats-chance", fault: "ranks upside down", detector: withScores(soundDistance, (score) => -score) },
  {
    check: "rescores",
    fault: "claims that training scores are rescores, but leaves each row out of its own",
    detector: variantOf(soundDistance, {
      async fit(train, params, context) {
        const { model, trainingScores } = await fitOf(soundDistance)(train, params, context);
        return { model, trainingScores: trainingScores.map((score) => score * (1 + 1 / train.rowCount)) };
      },
    }),
  },
  {
    check: "rescores",
    fault: "does not claim that training scores are rescores, though they are",
    detector: withTraits(soundDistance, { trainingScoresAreRescores: false }),
  },
  {
    check: "contributions-sum",
    fault: "explains twice the score",
    detector: withContributions((parts) => {
      for (let at = 0; at < parts.length; at++) parts[at] *= 2;
    }),
  },
  {
    check: "contributions-sum",
    fault: "explains less a baseline that its state does not hold",
    detector: withTraits(soundDistance, { explains: "sums-to-score-less-baseline" }),
  },
  {
    check: "contributions-sum",
    fault: "claims shares that sum to 1",
    detector: withTraits(soundDistance, { explains: "sums-to-one" }),
  },
  {
    check: "contributions-sum",
    fault: "claims to explain, but cannot",
    detector: withTraits(soundRandom, { explains: "sums-to-score" }),
  },
  {
    check: "contributions-sum",
    fault: "explains, but does not say so",
    detector: withTraits(soundDistance, { explains: "none" }),
  },
  {
    check: "contributions-point",
    fault: "blames the next column",
    detector: withContributions((parts, width) => {
      for (let start = 0; start < parts.length; start += width) {
        const last = parts[start + width - 1];
        parts.copyWithin(start + 1, start, start + width - 1);
        parts[start] = last;
      }
    }),
  },
  {
    check: "degenerate-columns",
    fault: "divides by the spread of a constant column",
    detector: withModel(soundDistance, (model, { train }) => {
      const column = train?.values.filter((_value, at) => at % train.columnCount === 1) ?? Float64Array.of(0, 1);
      const range = Math.max(...column) - Math.min(...column);
      return {
        ...model,
        scoreInto(rows, scores) {
          model.scoreInto(rows, scores);
          for (let row = 0; row < rows.rowCount; row++) scores[row] *= range / range;
        },
      };
    }),
  },
  {
    check: "degenerate-columns",
    fault: "fails on huge values without a code",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        if (train.values.some((value) => value > 1e200)) throw new RangeError("Invalid typed array length: Infinity");
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  {
    check: "degenerate-defaults",
    fault: "refuses a table for one constant column",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        const second = train.values.filter((_value, at) => at % train.columnCount === 1);
        if (second.every((value) => value === second[0])) throw new NomalyError("COLUMN", "column 1 is constant");
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  {
    check: "missing-values",
    fault: "claims to take missing values, but scores them NaN",
    detector: withTraits(soundDistance, { acceptsMissing: true }),
  },
  {
    check: "widths",
    fault: "says that it takes one column, yet takes two",
    detector: withTraits(soundDistance, { columnMaximum: 1 }),
  },
  {
    check: "widths",
    fault: "says that it takes no column",
    detector: withTraits(soundDistance, { columnMaximum: 0 }),
  },
  {
    check: "widths",
    fault: "needs two columns",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        if (train.columnCount < 2) throw new NomalyError("SHAPE", "at least 2 columns are needed");
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  {
    check: "few-rows",
    fault: "claims to be content with one row, but needs more",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        if (train.rowCount < 3) throw new NomalyError("TOO_FEW_ROWS", "at least 3 rows are needed");
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
];

function withContributions(change: (parts: Float64Array, width: number) => void) {
  return withModel(soundDistance, (model) => ({
    ...model,
    contributionsInto(rows, out) {
      model.contributionsInto?.(rows, out);
      change(out, rows.columnCount);
    },
  }));
}
