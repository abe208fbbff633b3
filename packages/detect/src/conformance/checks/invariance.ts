/** Checks that scores depend on the order of rows and columns and on units exactly where the traits claim it. */

import type { Matrix } from "../../matrix.ts";
import { pickRows, zeros } from "../../matrix.ts";
import { createRandom, shuffle } from "../../random.ts";
import type { Check, Report } from "../check.ts";
import { gapOf } from "../compare.ts";
import type { Corner } from "../corners.ts";
import type { Sample } from "../samples.ts";
import type { Subject } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

/** Largest difference that counts as rounding, in units of the scores' spread. */
const roundingGap = 1e-7;
/** With randomness, a rounding may flip a few decisions; most rows must still get nearly the same score. */
const flippedShareMax = 0.05;

const randomExemption = "its random choices fall on other rows or columns when these are reordered";

export const invarianceChecks: readonly Check[] = [
  {
    name: "row-order",
    claim: "Fitting the same rows in another order gives the same scores to rounding, exactly unless the trait rowOrderMatters.",
    exempts: (traits) => (traits.usesRandomness ? randomExemption : undefined),
    run: async (subject, report) => {
      const { sample, detector } = subject;
      const order = shuffled(sample.train.rowCount);
      const gaps = await gapsOfCorners(subject, report, async (corner) => {
        const { fitted, freshScores } = await subject.shared(corner, subject.kernels);
        const other = await subject.fit(pickRows(sample.train, order), { corner });
        const expected = Float64Array.from(order, (row) => fitted.trainingScores[row]);
        return Math.max(gapOf(other.trainingScores, expected), gapOf(scoresOf(other.model, sample.fresh), freshScores));
      });
      judge(gaps, !detector.traits.rowOrderMatters, "reordered rows", report);
    },
  },
  {
    name: "column-order",
    claim: "Reordering columns gives the same scores to rounding, exactly unless the trait columnOrderMatters.",
    exempts: (traits) => (traits.usesRandomness ? randomExemption : undefined),
    run: async (subject, report) => {
      const gaps = await gapsOfChange(subject, report, (table) =>
        mapped(table, (values, at, column) => values[at - column + ((column + 2) % table.columnCount)]),
      );
      judge(gaps, !subject.detector.traits.columnOrderMatters, "reordered columns", report);
    },
  },
  {
    name: "shift",
    claim: "Adding a constant to each column gives the same scores to rounding, exactly where the trait shiftInvariant says so.",
    run: async (subject, report) => {
      const shifts = [64, -8, 0.5, 1024];
      const gaps = await gapsOfChange(subject, report, (table) =>
        mapped(table, (values, at, column) => values[at] + shifts[column % shifts.length]),
      );
      judge(gaps, subject.detector.traits.shiftInvariant, "shifted columns", report);
    },
  },
  {
    name: "scale",
    claim:
      "Multiplying each column by a positive constant gives the same scores to rounding, exactly where the trait scaleInvariant says so.",
    run: async (subject, report) => {
      const scales = [8, 0.25, 1024, 3];
      const gaps = await gapsOfChange(subject, report, (table) =>
        mapped(table, (values, at, column) => values[at] * scales[column % scales.length]),
      );
      judge(gaps, subject.detector.traits.scaleInvariant, "scaled columns", report);
    },
  },
];

interface CornerGap {
  readonly corner: Corner;
  readonly gap: number;
}

/**
 * A claim of invariance must hold at the defaults and at every number that a parameter may be; a switch may end it (such as
 * one that turns standardisation off). Without the claim, some corner must differ.
 */
function judge(gaps: readonly CornerGap[], isClaimed: boolean, what: string, report: Report): void {
  const differing = gaps.filter(({ gap }) => gap > roundingGap);
  if (isClaimed) {
    for (const { corner, gap } of differing.filter(({ corner }) => !corner.isSwitched)) {
      report(`${corner.label}: ${what} move scores by ${gap.toExponential(1)} of their spread`);
    }
  } else if (differing.length === 0) {
    report(`${what} leave scores as they were in every corner, yet the trait says that they change`);
  }
}

async function gapsOfCorners(subject: Subject, report: Report, gapIn: (corner: Corner) => Promise<number>): Promise<CornerGap[]> {
  const gaps: CornerGap[] = [];
  await subject.eachCorner(report, async (corner) => {
    gaps.push({ corner, gap: await gapIn(corner) });
  });
  return gaps;
}

/** Fits and scores the sample changed in the same way in training and fresh rows. */
function gapsOfChange(subject: Subject, report: Report, change: (table: Matrix) => Matrix): Promise<CornerGap[]> {
  const { train, fresh }: Sample = subject.sample;
  return gapsOfCorners(subject, report, async (corner) => {
    const { fitted, freshScores } = await subject.shared(corner, subject.kernels);
    const other = await subject.fit(change(copyOf(train)), { corner });
    const scores = scoresOf(other.model, change(fresh));
    const gap = subject.detector.traits.usesRandomness ? typicalGap : gapOf;
    return Math.max(gap(other.trainingScores, fitted.trainingScores), gap(scores, freshScores));
  });
}

/** The gap without the few rows of largest difference. */
function typicalGap(actual: Float64Array, expected: Float64Array): number {
  const order = Array.from(actual.keys()).sort((a, b) => Math.abs(actual[a] - expected[a]) - Math.abs(actual[b] - expected[b]));
  const kept = order.slice(0, Math.ceil(order.length * (1 - flippedShareMax)));
  return gapOf(
    kept.map((row) => actual[row]),
    kept.map((row) => expected[row]),
  );
}

function mapped(table: Matrix, valueAt: (values: Float64Array, at: number, column: number) => number): Matrix {
  const result = zeros(table.rowCount, table.columnCount);
  for (let at = 0; at < result.values.length; at++) result.values[at] = valueAt(table.values, at, at % table.columnCount);
  return result;
}

function shuffled(count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffle(order, createRandom(4));
  return order;
}
