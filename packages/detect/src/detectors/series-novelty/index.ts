/** series-novelty: how unlike its past a series of one column is at each row; learns row by row. */

import { defineDetector, type FitContext, type ModelState } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { NomalyError, throwIfAborted } from "../../errors.ts";
import { inTimedBlocks } from "../../threads/timed-blocks.ts";
import { isWorthSending } from "../../threads/threads.ts";
import { createSeriesModel, restoreSeriesNovelty, type SeriesModel } from "./model.ts";
import { newStream, warmUpRowCount } from "./stream.ts";

/** With fewer rows, starting a thread takes longer than learning them. */
const sentRowCountMin = 50_000;
/** Rows that a thread learns at once: half a second, after which progress is told. */
const sentBlockRowCount = 100_000;

interface LearnTask {
  readonly state: ModelState;
  readonly values: Float64Array;
}

interface Learned {
  readonly state: ModelState;
  readonly scores: Float64Array;
}

/**
 * Scores each row of a series by how little its course resembles what came before, in one pass and in constant memory.
 *
 * The last 5 values are compared with 500 earlier windows of 5, and the next value with what an autoregression predicts of it. Either
 * ratio is averaged over some rows and judged against its own past: the score is the power of ten of the improbability, so that a
 * series which is restless all the time has to become more restless. A value beyond the range so far adds to it.
 *
 * Good at: one column in the order of time, known neither in length nor range; changes of course, of level and of rhythm. Bad at: rows
 * without an order, several columns (isolation-forest), what lasts so long that it becomes usual, values far beyond all others: the
 * averages take thousands of rows to forget them.
 *
 * Shapes  train is n x 1, n > 150, in the order of time; scores has n entries; order kept.
 * Units   powers of ten, 0 to 24: 0 for the first 150 rows; columns: any unit.
 * Missing refused.
 * Cost    fit O(n), score and update O(1) a row, some microseconds; memory O(1), 25 kB.
 * Random  none.
 * Numeric values beyond 1e100 count as 1e100. Training scores are those of each row before it was learned: scoring the rows again asks
 *         of each what it would be as the next row. Differs from the independent reference by under 1e-12.
 * Source  window novelty and the likelihood of averages follow Lavin and Ahmad, Evaluating Real-Time Anomaly Detection Algorithms -
 *         the Numenta Anomaly Benchmark, ICMLA 2015; recursive least squares: Haykin, Adaptive Filter Theory, chapter 10.
 */
export const seriesNovelty = defineDetector({
  id: "series-novelty",
  summary: "How unlike its past one column in the order of time is: learns row by row from endless series in constant memory.",
  traits: {
    ...traitDefaults,
    learnsIncrementally: true,
    rowOrderMatters: true,
    scoresSeries: true,
    rowMinimum: warmUpRowCount + 1,
    columnMaximum: 1,
    scaleInvariant: true,
    shiftInvariant: true,
  },
  params: {},
  async fit(train, _params, context) {
    throwIfAborted(context.signal);
    if (train.columnCount !== 1) {
      const received = `${train.columnCount} columns`;
      throw new NomalyError("SHAPE", `series-novelty scores one column, got ${received}`, {
        field: "columns",
        expected: "1",
        received,
      });
    }
    const scores = new Float64Array(train.rowCount);
    const model = await learnSeries(train.values, scores, context);
    return { model, trainingScores: scores };
  },
  restore: restoreSeriesNovelty,
  tasks: { learn: learnBlock },
});

/** Rows are learned one after the other, so threads do not share the work: one takes it off the caller's. */
async function learnSeries(values: Float64Array, scores: Float64Array, context: FitContext): Promise<SeriesModel> {
  const { threads, kernels, signal, progress } = context;
  const model = createSeriesModel(newStream());
  if (!isWorthSending(threads, values.length, sentRowCountMin)) {
    await inTimedBlocks(values.length, context, (start, end) => {
      model.scoreAndLearn(values.subarray(start, end), scores.subarray(start, end));
    });
    return model;
  }
  let state = model.toState();
  for (let start = 0; start < values.length; start += sentBlockRowCount) {
    const end = Math.min(start + sentBlockRowCount, values.length);
    // A copy: of a view the whole table would be sent.
    const task = { state, values: values.slice(start, end) };
    const [learned] = await threads.map<LearnTask, Learned>(
      "series-novelty/learn",
      [task],
      kernels,
      signal === undefined ? {} : { signal },
    );
    scores.set(learned.scores, start);
    state = learned.state;
    progress?.(end / values.length);
  }
  return restoreSeriesNovelty(state);
}

function learnBlock({ state, values }: LearnTask): Learned {
  const model = restoreSeriesNovelty(state);
  const scores = new Float64Array(values.length);
  model.scoreAndLearn(values, scores);
  return { state: model.toState(), scores };
}
