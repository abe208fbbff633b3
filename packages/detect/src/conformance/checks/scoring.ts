/** Checks that a score depends on model and row alone, and that scoring writes to no table of the caller. */

import type { Model } from "../../detector/detector.ts";
import { parseParams } from "../../detector/params.ts";
import type { Matrix } from "../../matrix.ts";
import { pickRows, rowRange, zeros } from "../../matrix.ts";
import type { Check, Report } from "../check.ts";
import { copyOfState, differenceOfBits, differenceOfStates } from "../compare.ts";
import type { Subject } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

export const scoringChecks: readonly Check[] = [
  {
    name: "count",
    claim: "There is one finite score for each row, nothing else is written, and the model has the table's width.",
    run: (subject, report) =>
      subject.eachFit(report, ({ fitted }, report) => {
        const { train, fresh } = subject.sample;
        const { model, trainingScores } = fitted;
        if (!(trainingScores instanceof Float64Array)) report("trainingScores is no Float64Array");
        if (trainingScores.length !== train.rowCount)
          report(`${trainingScores.length} training scores for ${train.rowCount} rows`);
        if (model.columnCount !== train.columnCount) report(`columnCount is ${model.columnCount}, not ${train.columnCount}`);
        const wrong = trainingScores.findIndex((score) => !Number.isFinite(score));
        if (wrong >= 0) report(`training score ${wrong} is ${trainingScores[wrong]}`);
        for (const fault of faultsOfBuffer(model, fresh)) report(fault);
      }),
  },
  {
    name: "row-independence",
    claim: "A row's score and contributions have the same bits alone, in any batch, in any order, and at any place in memory.",
    run: (subject, report) =>
      subject.eachFit(report, ({ fitted, freshScores }, report) => {
        for (const [way, scores] of otherWays(fitted.model, subject.sample.fresh)) {
          const difference = differenceOfBits(scores, freshScores);
          if (difference !== undefined) report(`scored ${way}: ${difference}`);
        }
        const unlike = differenceOfExplanations(fitted.model, subject.sample.fresh);
        if (unlike !== undefined) report(`explained one by one: ${unlike}`);
      }),
  },
  {
    name: "inputs-untouched",
    claim: "Fitting and scoring write neither rows nor parameters, and a model keeps no table of its caller.",
    run: async (subject, report) => {
      await subject.eachCorner(report, async (corner, report) => {
        const { sample } = subject;
        const { freshScores } = await subject.shared(corner, subject.kernels);
        const train = copyOf(sample.train);
        const fresh = copyOf(sample.fresh);
        const fitted = await subject.fit(train, { corner });
        scoresOf(fitted.model, fresh);
        const written =
          differenceOfBits(train.values, sample.train.values) ?? differenceOfBits(fresh.values, sample.fresh.values);
        if (written !== undefined) report(`a table was written: ${written}`);
        for (const given of [train.values, fitted.trainingScores, fresh.values]) given.fill(7);
        const kept = differenceOfBits(scoresOf(fitted.model, sample.fresh), freshScores);
        if (kept !== undefined) report(`scores change when the caller overwrites its tables: ${kept}`);
      });
      await reportWrittenParams(subject, report);
    },
  },
  {
    name: "repeatable",
    claim: "Scoring leaves no trace: the same rows score the same again, and the state stays as it was.",
    run: (subject, report) =>
      subject.eachFit(report, ({ fitted, freshScores }, report) => {
        const before = copyOfState(fitted.model.toState());
        scoresOf(fitted.model, subject.sample.train);
        const difference = differenceOfBits(scoresOf(fitted.model, subject.sample.fresh), freshScores);
        if (difference !== undefined) report(`scored again after other rows: ${difference}`);
        const change = differenceOfStates(fitted.model.toState(), before);
        if (change !== undefined) report(`the state changed by scoring: ${change}`);
      }),
  },
  {
    name: "zero-rows",
    claim: "Scoring and explaining no rows is allowed and does nothing.",
    run: (subject, report) =>
      subject.eachFit(report, ({ fitted }) => {
        const none = zeros(0, subject.sample.train.columnCount);
        fitted.model.scoreInto(none, new Float64Array(0));
        fitted.model.contributionsInto?.(none, new Float64Array(0));
      }),
  },
];

/** Scores into a guarded buffer that held other numbers before. */
function faultsOfBuffer(model: Model, rows: Matrix): string[] {
  const faults: string[] = [];
  const results = [-12345.5, Number.NaN].map((filler) => {
    const whole = new Float64Array(rows.rowCount + 2).fill(filler);
    model.scoreInto(rows, whole.subarray(1, rows.rowCount + 1));
    if (!Object.is(whole[0], filler) || !Object.is(whole[rows.rowCount + 1], filler))
      faults.push("writes outside the scores' buffer");
    return whole.slice(1, rows.rowCount + 1);
  });
  const unwritten = differenceOfBits(results[0], results[1]);
  if (unwritten !== undefined) faults.push(`a score depends on what the buffer held: ${unwritten}`);
  const wrong = results[1].findIndex((score) => !Number.isFinite(score));
  if (wrong >= 0) faults.push(`the score of fresh row ${wrong} is ${results[1][wrong]}`);
  return faults;
}

/** Scores the same rows in other ways; each result is in the order of the rows. */
function otherWays(model: Model, rows: Matrix): [string, Float64Array][] {
  const { rowCount, columnCount } = rows;
  const inBlocks = (size: number) => {
    const scores = new Float64Array(rowCount);
    for (let start = 0; start < rowCount; start += size) {
      const end = Math.min(start + size, rowCount);
      model.scoreInto(rowRange(rows, start, end), scores.subarray(start, end));
    }
    return scores;
  };
  const reversed = pickRows(
    rows,
    Array.from({ length: rowCount }, (_, i) => rowCount - 1 - i),
  );
  const padded = zeros(rowCount + 1, columnCount);
  padded.values.set(rows.values, columnCount);
  const repeated = pickRows(
    rows,
    Array.from({ length: 5 * rowCount }, (_, i) => i % rowCount),
  );
  return [
    ["one by one", inBlocks(1)],
    ["in blocks of 7", inBlocks(7)],
    ["in reverse", scoresOf(model, reversed).reverse()],
    ["as a view into a larger table", scoresOf(model, rowRange(padded, 1, rowCount + 1))],
    ["five times over, the last time", scoresOf(model, repeated).slice(4 * rowCount)],
  ];
}

/** Compares contributions of single rows with those of the whole table. */
function differenceOfExplanations(model: Model, rows: Matrix): string | undefined {
  const { rowCount, columnCount } = rows;
  const [together, apart] = [new Float64Array(rows.values.length), new Float64Array(rows.values.length)];
  model.contributionsInto?.(rows, together);
  for (let row = 0; row < rowCount; row++) {
    model.contributionsInto?.(rowRange(rows, row, row + 1), apart.subarray(row * columnCount, (row + 1) * columnCount));
  }
  return differenceOfBits(apart, together);
}

/** Parsed parameters are frozen, so this fits with a copy that is not frozen, to see whether the detector writes to it. */
async function reportWrittenParams(subject: Subject, report: Report): Promise<void> {
  await subject.eachCorner(report, async (corner, report) => {
    const params = { ...parseParams(subject.detector.id, subject.detector.params, corner.params) };
    const before = JSON.stringify(params);
    await subject.fit(copyOf(subject.sample.train), { params });
    if (JSON.stringify(params) !== before) report(`parameters were written: ${JSON.stringify(params)}`);
  });
}
