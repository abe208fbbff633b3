/** The model of series-novelty: the series so far, in plain arrays of constant size. */

import type { IncrementalModel, ModelState } from "../../detector/detector.ts";
import { damaged, stateFiniteArray, stateInteger } from "../../detector/state.ts";
import type { Matrix } from "../../matrix.ts";
import { covarianceMax, squaredErrorMax } from "./autoregression.ts";
import { learn, lookAt, newLook, newStream, scoreOf, type Stream, valueMax } from "./stream.ts";

/** A model that learns, and tells the score of a row that it learns. */
export interface SeriesModel extends IncrementalModel {
  /** Scores each value as the next one, then learns it. */
  scoreAndLearn(values: Float64Array, scores: Float64Array): void;
}

/** Largest size of what a series of values up to {@link valueMax} leads to: 1e112 standard deviations, and the square of such. */
const ratioMax = 1e120;
const varianceMax = 1e250;
const coefficientMax = 1e100;
const rowCountMax = Number.MAX_SAFE_INTEGER;

/** @param stream becomes the model's own. */
export function createSeriesModel(stream: Stream): SeriesModel {
  const look = newLook();
  /** The row, counted from 0, and the value that `look` is about. */
  let lookedRow = -1;
  let lookedValue = 0;

  /** Looks at the value as the next one, unless the last look was at the same one: a row is often scored and then learned. */
  function lookOnce(value: number): void {
    if (lookedRow === stream.rowCount && Object.is(lookedValue, value)) return;
    lookAt(stream, value, look);
    lookedRow = stream.rowCount;
    lookedValue = value;
  }

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let row = 0; row < rows.rowCount; row++) scores[row] = scoreNext(bounded(rows.values[row]));
  }

  function scoreNext(value: number): number {
    lookOnce(value);
    return scoreOf(stream, value, look);
  }

  function learnNext(value: number): void {
    lookOnce(value);
    learn(stream, value, look);
  }

  function update(rows: Matrix): void {
    for (let row = 0; row < rows.rowCount; row++) learnNext(bounded(rows.values[row]));
  }

  function scoreAndLearn(values: Float64Array, scores: Float64Array): void {
    for (let row = 0; row < values.length; row++) {
      const value = bounded(values[row]);
      scores[row] = scoreNext(value);
      learnNext(value);
    }
  }

  return { columnCount: 1, scoreInto, update, scoreAndLearn, toState: () => stateOf(stream) };
}

function bounded(value: number): number {
  return Math.max(-valueMax, Math.min(valueMax, value));
}

/** Copies: the stream changes. */
function stateOf({ rowCount, ...arrays }: Stream): ModelState {
  return {
    values: { rowCount },
    arrays: Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()])),
  };
}

/** @throws NomalyError MODEL_FILE when no series can have led to this state. */
export function restoreSeriesNovelty(state: ModelState): SeriesModel {
  const lengths = newStream();
  const read = (name: Exclude<keyof Stream, "rowCount">, low: number, high: number): Float64Array => {
    const array = stateFiniteArray(state, name, lengths[name].length);
    if (array.some((value) => value < low || value > high)) throw damaged(name, `numbers from ${low} to ${high}`);
    return array.slice();
  };
  const stream: Stream = {
    rowCount: stateInteger(state, "rowCount", 0, rowCountMax),
    recent: read("recent", -valueMax, valueMax),
    windows: read("windows", -valueMax, valueMax),
    novelties: read("novelties", 0, ratioMax),
    surprises: read("surprises", 0, ratioMax),
    averages: read("averages", -varianceMax, varianceMax),
    extremes: read("extremes", -valueMax, valueMax),
    coefficients: read("coefficients", -coefficientMax, coefficientMax),
    covariance: read("covariance", -covarianceMax, covarianceMax),
    squaredError: read("squaredError", 0, squaredErrorMax),
  };
  const { averages, extremes } = stream;
  for (let at = 1; at < averages.length; at += 2) if (averages[at] < 0) throw damaged("averages", "variances of at least 0");
  if (extremes[0] > extremes[1]) throw damaged("extremes", "the smallest value, then the largest");
  return createSeriesModel(stream);
}
