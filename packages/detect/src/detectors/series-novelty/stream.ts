/** What series-novelty knows of a series so far, how it scores the next value, and how it learns it. */

import { type Autoregression, learnPrediction, newAutoregression, inputCount, predict, surpriseOf } from "./autoregression.ts";
import { normalTail } from "./normal-tail.ts";
import { averageWidth, learnAverage, leastWeight, nextMean, nextVariance, spreadOf, weightAt } from "./weighted-average.ts";

/** Rows that a series needs before one is scored. */
export const warmUpRowCount = 150;
/** Values of a window. */
const windowLength = 5;
/** Windows that are kept: the latest. */
export const windowCountMax = 500;
/** Rows from the end of a window until it is one of those compared with: an anomaly must not look usual beside itself. */
const windowDelay = 50;
/** Rows from one kept window to the next. */
const windowStep = 2;
export const recentCount = windowDelay + windowLength;
/** Rows over which each ratio is averaged before it is judged. */
export const noveltyMeanCount = 30;
export const surpriseMeanCount = 10;
const autoregressionStart = 14;
/** A value farther from 0 counts as this one: its square must not exceed float64. */
export const valueMax = 1e100;

const valueWeight = leastWeight(2000);
const scaleWeight = 0.001;
const ratioWeight = leastWeight(4000);
/** Least variance of an averaged ratio. */
const ratioVarianceMin = 1e-6;
/** Most that one part adds to a score. */
const partMax = 12;
/** A value that exceeds the range so far by a fortieth of it adds 1. */
const rangeFactor = 40;
const surpriseShare = 0.3;

/** Where each average lies in `averages`. */
const valueAt = 0;
const scaleAt = averageWidth;
const noveltyAt = 2 * averageWidth;
const surpriseAt = 3 * averageWidth;
export const averagesLength = 4 * averageWidth;

/** All that is known of the rows so far; its size does not grow. */
export interface Stream extends Autoregression {
  rowCount: number;
  /** The latest values, the latest one last. */
  readonly recent: Float64Array;
  /** Kept windows one after the other; from {@link windowCountMax} on the oldest one is replaced. */
  readonly windows: Float64Array;
  /** The latest ratios of novelty and of surprise, the latest one last. */
  readonly novelties: Float64Array;
  readonly surprises: Float64Array;
  /** Mean and variance of: values, values on the autoregression's scale, averaged novelties, averaged surprises. */
  readonly averages: Float64Array;
  /** The smallest and the largest value. */
  readonly extremes: Float64Array;
}

export function newStream(): Stream {
  return {
    ...newAutoregression(),
    rowCount: 0,
    recent: new Float64Array(recentCount),
    windows: new Float64Array(windowCountMax * windowLength),
    novelties: new Float64Array(noveltyMeanCount),
    surprises: new Float64Array(surpriseMeanCount),
    averages: new Float64Array(averagesLength),
    extremes: new Float64Array(2),
  };
}

/** What the next value would be to the stream, and room to compute it. */
export interface Look {
  novelty: number;
  surprise: number;
  noveltyMean: number;
  surpriseMean: number;
  error: number;
  readonly inputs: Float64Array;
  readonly gains: Float64Array;
}

export function newLook(): Look {
  return {
    novelty: 0,
    surprise: 0,
    noveltyMean: 0,
    surpriseMean: 0,
    error: 0,
    inputs: new Float64Array(inputCount),
    gains: new Float64Array(inputCount),
  };
}

/** Windows kept after so many rows, those that have been replaced among them. */
function keptCount(rowCount: number): number {
  const last = rowCount - 1 - windowDelay;
  return last < windowLength - 1 ? 0 : Math.floor((last - (windowLength - 1)) / windowStep) + 1;
}

/** Looks at a value as the next one; changes `look` alone. */
export function lookAt(stream: Stream, value: number, look: Look): void {
  const { rowCount, averages } = stream;
  look.novelty = rowCount < warmUpRowCount ? 0 : noveltyOf(stream, value);
  look.surprise = 0;
  if (rowCount >= autoregressionStart) {
    const mean = averages[scaleAt];
    predict(stream, stream.recent, value, { mean, spread: spreadOf(mean, averages[scaleAt + 1]) }, look);
    look.surprise = surpriseOf(stream, look.error);
  }
  look.noveltyMean = meanWith(stream.novelties, look.novelty, rowCount);
  look.surpriseMean = meanWith(stream.surprises, look.surprise, rowCount);
}

/** The distance from the window that ends with `value` to the nearest kept one, a value, in standard deviations of the series. */
function noveltyOf(stream: Stream, value: number): number {
  const { rowCount, averages } = stream;
  const weight = weightAt(rowCount, valueWeight);
  const mean = nextMean(averages[valueAt], value, weight);
  const variance = nextVariance(averages[valueAt], averages[valueAt + 1], value, weight);
  return Math.sqrt(nearestSquare(stream, value) / windowLength) / spreadOf(mean, variance);
}

/** The smallest squared distance from the window that ends with `value` to a kept one. */
function nearestSquare({ rowCount, recent, windows }: Stream, value: number): number {
  const first = recent[recentCount - 4];
  const second = recent[recentCount - 3];
  const third = recent[recentCount - 2];
  const fourth = recent[recentCount - 1];
  const end = Math.min(windowCountMax, keptCount(rowCount)) * windowLength;
  let nearest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < end; at += windowLength) {
    let sum = (windows[at] - first) ** 2;
    sum += (windows[at + 1] - second) ** 2;
    sum += (windows[at + 2] - third) ** 2;
    sum += (windows[at + 3] - fourth) ** 2;
    sum += (windows[at + 4] - value) ** 2;
    if (sum < nearest) nearest = sum;
  }
  return nearest;
}

/** The mean of the latest ratios with the next one, in the order of rows. */
function meanWith(latest: Float64Array, next: number, rowCount: number): number {
  const count = Math.min(rowCount + 1, latest.length);
  let sum = 0;
  for (let at = latest.length - count + 1; at < latest.length; at++) sum += latest[at];
  return (sum + next) / count;
}

/** The score of a value that {@link lookAt} has looked at. */
export function scoreOf(stream: Stream, value: number, look: Look): number {
  if (stream.rowCount < warmUpRowCount) return 0;
  const novelty = improbability(stream.averages, noveltyAt, look.noveltyMean);
  const surprise = improbability(stream.averages, surpriseAt, look.surpriseMean);
  return Math.max(novelty + rangeExcess(stream.extremes, value), surpriseShare * surprise);
}

function improbability(averages: Float64Array, at: number, ratio: number): number {
  const mean = averages[at];
  const spread = Math.sqrt(Math.max(averages[at + 1], ratioVarianceMin));
  return Math.min(partMax, normalTail((ratio - mean) / spread));
}

function rangeExcess(extremes: Float64Array, value: number): number {
  const min = extremes[0];
  const max = extremes[1];
  const excess = Math.max(min - value, value - max, 0);
  return Math.min(partMax, (rangeFactor * excess) / (max - min + 1e-9 * Math.abs(max) + 1e-12));
}

/** Learns a value that {@link lookAt} has looked at. */
export function learn(stream: Stream, value: number, look: Look): void {
  const { rowCount, averages, extremes, recent, windows } = stream;
  const ratioWeightHere = weightAt(rowCount, ratioWeight);
  learnAverage(averages, valueAt, value, weightAt(rowCount, valueWeight));
  learnAverage(averages, scaleAt, value, weightAt(rowCount, scaleWeight));
  learnAverage(averages, noveltyAt, look.noveltyMean, ratioWeightHere);
  learnAverage(averages, surpriseAt, look.surpriseMean, ratioWeightHere);
  if (rowCount >= autoregressionStart) learnPrediction(stream, look, look.gains);
  extremes[0] = rowCount === 0 ? value : Math.min(extremes[0], value);
  extremes[1] = rowCount === 0 ? value : Math.max(extremes[1], value);
  append(stream.novelties, look.novelty);
  append(stream.surprises, look.surprise);
  append(recent, value);
  stream.rowCount++;
  const kept = keptCount(stream.rowCount);
  if (kept > keptCount(rowCount)) windows.set(recent.subarray(0, windowLength), ((kept - 1) % windowCountMax) * windowLength);
}

function append(latest: Float64Array, value: number): void {
  latest.copyWithin(0, 1);
  latest[latest.length - 1] = value;
}
