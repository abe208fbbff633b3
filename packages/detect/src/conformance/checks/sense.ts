/** Checks that a detector ranks evident anomalies high, and that it explains them. */

import type { Model } from "../../detector/detector.ts";
import { rocAuc } from "../../evaluation/index.ts";
import type { Matrix } from "../../matrix.ts";
import { zeros } from "../../matrix.ts";
import { percentileOfSorted } from "../../thresholds/percentile.ts";
import type { Check, Report } from "../check.ts";
import { differenceOfBits } from "../compare.ts";
import type { SharedFit } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

/** Least ROC-AUC on the easy table; random scores reach 0.5 on average. */
const easyAucMin = 0.9;
const distinctScoreCountMin = 5;
/** Tolerance for the rounding of a sum over columns. */
const sumTolerance = 1e-9;

export const senseChecks: readonly Check[] = [
  {
    name: "scores-differ",
    claim: "Scores of a table with structure take more than a few values.",
    run: async (subject, report) => {
      const { fitted, freshScores } = await subject.shared(subject.corners[0], subject.kernels);
      for (const [what, scores] of [
        ["training", fitted.trainingScores],
        ["fresh", freshScores],
      ] as const) {
        const distinctCount = new Set(scores).size;
        if (distinctCount < distinctScoreCountMin) report(`${scores.length} ${what} rows have ${distinctCount} different scores`);
      }
    },
  },
  {
    name: "far-point-outranks",
    claim: "A row far outside in every column scores above nine in ten of the training rows.",
    run: async (subject, report) => {
      const { rows } = subject.tables.easy();
      const { model, trainingScores } = await subject.fit(copyOf(rows));
      const limit = percentileOfSorted(trainingScores.slice().sort(), 90);
      for (const value of [60, -60]) {
        const far = zeros(1, rows.columnCount);
        far.values.fill(value);
        const [score] = scoresOf(model, far);
        if (!(score > limit)) report(`a row of ${value}s scores ${score}, nine in ten training rows up to ${limit}`);
      }
    },
  },
  {
    name: "beats-chance",
    claim: "On a table whose anomalies anyone can see, training scores and rescores find them (ROC-AUC of at least 0.9).",
    run: async (subject, report) => {
      const { rows, labels } = subject.tables.easy();
      const { model, trainingScores } = await subject.fit(copyOf(rows));
      for (const [what, scores] of [
        ["training scores", trainingScores],
        ["rescores", scoresOf(model, rows)],
      ] as const) {
        const auc = rocAuc(labels, scores);
        if (!(auc >= easyAucMin)) report(`ROC-AUC of the ${what} is ${auc.toFixed(3)}`);
      }
    },
  },
  {
    name: "rescores",
    claim:
      "Training scores equal the scores of the same rows, bit for bit, exactly where the trait trainingScoresAreRescores says so.",
    run: async (subject, report) => {
      const claimed = subject.detector.traits.trainingScoresAreRescores;
      let hasDifference = false;
      await subject.eachFit(report, ({ fitted }, report) => {
        const difference = differenceOfBits(scoresOf(fitted.model, subject.sample.train), fitted.trainingScores);
        hasDifference ||= difference !== undefined;
        if (claimed && difference !== undefined) report(`trainingScoresAreRescores is claimed, yet ${difference}`);
      });
      if (!claimed && !hasDifference)
        report("training scores equal rescores in every corner, yet trainingScoresAreRescores is false");
    },
  },
  {
    name: "contributions-sum",
    claim: "Contributions exist exactly where the trait explains says so, and sum to what it says.",
    run: (subject, report) =>
      subject.eachFit(report, (shared, report) => {
        const claim = subject.detector.traits.explains;
        const has = shared.fitted.model.contributionsInto !== undefined;
        if (has !== (claim !== "none")) report(`explains is "${claim}", yet the model has ${has ? "" : "no "}contributions`);
        if (has && claim !== "none") reportWrongSums(shared, subject.sample.fresh, claim, report);
      }),
  },
  {
    name: "contributions-point",
    claim: "A row that is unusual in one column alone gets its largest contribution from that column, for most columns.",
    exempts: (traits) => (traits.explains === "none" ? "it does not explain" : undefined),
    run: async (subject, report) => {
      const { rows } = subject.tables.easy(4);
      const { model } = await subject.fit(copyOf(rows));
      const pointed = Array.from({ length: 4 }, (_, column) => topColumnOfSpike(model, column));
      const rightCount = pointed.filter((top, column) => top === column).length;
      if (rightCount < 3) report(`rows far out in columns 0, 1, 2, 3 are explained by columns ${pointed.join(", ")}`);
    },
  },
];

function reportWrongSums({ fitted, freshScores }: SharedFit, fresh: Matrix, claim: string, report: Report): void {
  const { model } = fitted;
  const width = model.columnCount;
  const whole = new Float64Array(fresh.values.length + 2).fill(Number.NaN);
  model.contributionsInto?.(fresh, whole.subarray(1, whole.length - 1));
  if (!Number.isNaN(whole[0]) || !Number.isNaN(whole[whole.length - 1])) report("contributions are written outside their buffer");
  const baseline = claim === "sums-to-score-less-baseline" ? model.toState().values["baseline"] : 0;
  if (typeof baseline !== "number") return report('there is no state value "baseline"');
  for (let row = 0; row < fresh.rowCount; row++) {
    const parts = whole.subarray(1 + row * width, 1 + (row + 1) * width);
    const sum = parts.reduce((a, b) => a + b, 0);
    const size = parts.reduce((a, b) => a + Math.abs(b), Math.abs(baseline));
    const expected = claim === "sums-to-one" ? 1 : freshScores[row] - baseline;
    if (!(Math.abs(sum - expected) <= sumTolerance * Math.max(size, Math.abs(expected)))) {
      return report(`row ${row}: contributions sum to ${sum}, "${claim}" means ${expected}`);
    }
    if (claim === "sums-to-one" && parts.some((part) => part < 0)) return report(`row ${row} has a negative share`);
  }
}

/** The column with the largest contribution for a row of zeros with one value far out. */
function topColumnOfSpike(model: Model, column: number): number {
  const spike = zeros(1, model.columnCount);
  spike.values[column] = 40;
  const parts = new Float64Array(model.columnCount);
  model.contributionsInto?.(spike, parts);
  return parts.indexOf(Math.max(...parts));
}
