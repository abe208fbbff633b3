/** Estimates how long a fit will take on this machine, from fits of the same detector on a few of the same rows. */

import {
  type AnomalyModel,
  type AnyDetector,
  defaultDetectorId,
  detect,
  detectorById,
  type FitOptions,
  NomalyError,
  parseParams,
  type Table,
  throwIfAborted,
} from "@nomaly/detect";
import { type GrowthLaw, growthLaw } from "./growth-law.ts";
import { pickRows } from "./pick-rows.ts";

export interface FitEstimate {
  readonly rowCount: number;
  /** To fit the rows, and to score those that are not fitted. */
  readonly seconds: number;
  /** A fit on fewer rows that is much faster, if there is one. */
  readonly smaller: { readonly rowCount: number; readonly seconds: number } | undefined;
}

export interface WorkToEstimate {
  /** The rows to fit. */
  readonly rows: Table;
  readonly options: FitOptions;
  /** Rows that are to be scored, fitted ones among them; 0 where the model is only saved. */
  readonly scoredRowCount: number;
  /** Work of fewer seconds is not worth an estimate. */
  readonly secondsMin: number;
}

/** Fits of fewer rows are done before anybody has read an estimate. */
const rowCountMin = 1000;
/** A fit of so few rows takes what a fit costs whatever its rows. */
const fixedRowCount = 64;
const firstRowCount = 500;
/** A fit that takes this long is long enough to extrapolate from. */
const tellingMs = 300;
/** After a shorter fit the next has four times the rows, else twice. */
const shortMs = 60;
/** A fit that would take longer than this is not tried: the one before has to do. */
const trialMsMax = 1200;
/** Work that seems shorter than this share of what is announced needs no closer look. */
const surelyShortShare = 1 / 3;
/** A smaller fit is suggested when it takes at most this long, and at most this share of the whole. */
const smaller = { seconds: 15, share: 0.5, rowCountMin: 1000 } as const;

interface Trial {
  readonly rowCount: number;
  /** Without what a fit costs whatever its rows. */
  readonly ms: number;
  readonly model: AnomalyModel;
}

/**
 * Takes about a second where the estimate is long, less where it is short. Undefined where the work takes less than
 * `secondsMin`, or where a few of the rows cannot be fitted, so that only the whole fit can say why.
 * @throws NomalyError ABORTED.
 */
export async function estimateFit(work: WorkToEstimate, now: () => number): Promise<FitEstimate | undefined> {
  const { rows, options, secondsMin } = work;
  if (rows.rowCount < rowCountMin) return undefined;
  try {
    const detector = detectorById(options.detector ?? defaultDetectorId);
    if (detector.fitSeconds !== undefined) return predictedEstimate(work, detector);
    const law = growthLaw(detector.traits.fitGrowth, rows.columns.length);
    const trial = await tellingTrial(work, law, now);
    if (trial === undefined) return undefined;
    const scoreMs = await scoringMs(trial, work, now);
    const secondsFor = (rowCount: number) => {
      const otherRowCount = Math.max(0, work.scoredRowCount - rowCount);
      const scoreGrowth = (otherRowCount / trial.rowCount) * (law.score(rowCount) / law.score(trial.rowCount));
      return (trial.ms * (law.fit(rowCount) / law.fit(trial.rowCount)) + scoreMs * scoreGrowth) / 1000;
    };
    const seconds = secondsFor(rows.rowCount);
    if (seconds < secondsMin) return undefined;
    return { rowCount: rows.rowCount, seconds, smaller: smallerFit(rows.rowCount, seconds, secondsFor) };
  } catch (error) {
    throwIfAborted(options.signal);
    // The fit of all rows reports what is wrong with them, and few rows may lack what all have.
    if (error instanceof NomalyError) return undefined;
    throw error;
  }
}

/** Of a detector that knows from the size of the table how long its fit takes: nothing is fitted. */
function predictedEstimate(
  { rows, options, scoredRowCount, secondsMin }: WorkToEstimate,
  detector: AnyDetector,
): FitEstimate | undefined {
  const params = parseParams(detector.id, detector.params, options.params ?? {}) as never;
  const columnCount = rows.columns.length;
  const secondsFor = (rowCount: number) => detector.fitSeconds?.({ rowCount, columnCount, scoredRowCount }, params) ?? 0;
  const seconds = secondsFor(rows.rowCount);
  if (seconds < secondsMin) return undefined;
  return { rowCount: rows.rowCount, seconds, smaller: smallerFit(rows.rowCount, seconds, secondsFor) };
}

/** A fit of some of the rows that takes long enough, or of half of them; undefined as soon as the work is sure to be short. */
async function tellingTrial(
  { rows, options, secondsMin, scoredRowCount }: WorkToEstimate,
  law: GrowthLaw,
  now: () => number,
): Promise<Trial | undefined> {
  const fitted = async (rowCount: number) => {
    const some = evenly(rows, rowCount);
    const startedAt = now();
    const { model } = await detect(some, options);
    return { rowCount, ms: now() - startedAt, model };
  };
  // The first fit also compiles kernels and starts threads.
  await fitted(fixedRowCount);
  const fixed = await fitted(fixedRowCount);
  const workedShare = Math.max(1, scoredRowCount / rows.rowCount);
  for (let rowCount = firstRowCount; ;) {
    const growthTo = (other: number) => law.fit(other) / law.fit(rowCount);
    const next = (ms: number) => Math.min(Math.floor(rows.rowCount / 2), rowCount * (ms - fixed.ms < shortMs ? 4 : 2));
    const isTelling = (ms: number) =>
      ms - fixed.ms >= tellingMs || rowCount * 2 >= rows.rowCount || ms * growthTo(next(ms)) > trialMsMax;
    let trial = await fitted(rowCount);
    // A second look, as other work on the machine, or compiling, may have held up the first.
    if (isTelling(trial.ms)) trial = fasterOf(trial, await fitted(rowCount));
    const seconds = (trial.ms / 1000) * growthTo(rows.rowCount) * workedShare;
    if (seconds < secondsMin * surelyShortShare) return undefined;
    if (isTelling(trial.ms)) return { ...trial, ms: Math.max(trial.ms - fixed.ms, trial.ms / 10) };
    rowCount = next(trial.ms);
  }
}

function fasterOf(a: Trial, b: Trial): Trial {
  return a.ms <= b.ms ? a : b;
}

/** Milliseconds in which the trial's model scores as many rows as it was fitted on. */
async function scoringMs(
  { model, rowCount }: Trial,
  { rows, options, scoredRowCount }: WorkToEstimate,
  now: () => number,
): Promise<number> {
  if (scoredRowCount === 0) return 0;
  const { threads, signal } = options;
  const some = evenly(rows, rowCount);
  const startedAt = now();
  await model.scoreAsync(some, { ...(threads === undefined ? {} : { threads }), ...(signal === undefined ? {} : { signal }) });
  return now() - startedAt;
}

/** The most rows of 1000, 2000, 5000, 10,000 and so on whose fit is short and much faster. */
function smallerFit(rowCount: number, seconds: number, secondsFor: (rowCount: number) => number): FitEstimate["smaller"] {
  let found: FitEstimate["smaller"];
  for (let unit: number = smaller.rowCountMin; unit < rowCount; unit *= 10) {
    for (const count of [unit, 2 * unit, 5 * unit]) {
      const estimated = count < rowCount ? secondsFor(count) : Number.POSITIVE_INFINITY;
      if (estimated <= Math.min(smaller.seconds, seconds * smaller.share)) found = { rowCount: count, seconds: estimated };
    }
  }
  return found;
}

/** So many rows of a table, at even distances. */
function evenly(rows: Table, rowCount: number): Table {
  const step = rows.rowCount / rowCount;
  return pickRows(
    rows,
    Array.from({ length: rowCount }, (_, index) => Math.floor(index * step)),
  );
}
