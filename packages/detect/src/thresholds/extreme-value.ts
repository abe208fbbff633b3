/** Peaks over threshold: the tail of the scores, fitted by a generalised Pareto distribution, gives the level of a rare event. */

import { percentileOfSorted } from "./percentile.ts";

/** Fewer excesses than this cannot tell the tail's shape: an exponential tail (shape 0) is assumed. */
const shapeExcessCountMin = 10;
/** Points at which a sign change of the likelihood's derivative is sought, on each side of 0. */
const gridPointCount = 96;
/** Halvings that narrow a root to float64's last bits. */
const bisectionCountMax = 80;

/** Generalised Pareto distribution of the excesses: P(Y > y) = (1 + shape y / scale)^(-1 / shape). */
export interface ParetoTail {
  readonly shape: number;
  readonly scale: number;
}

/**
 * z_q = t + (scale / shape) ((q n / N_t)^(-shape) - 1), where t is the initial quantile, N_t counts the scores above it and
 * q is the risk. When the risk is no rarer than the tail itself, nothing is extrapolated: the plain quantile 1 - q.
 * With no score above t (constant scores, many ties at the top) the threshold is the largest score: nothing is anomalous.
 *
 * Source  Siffer, Fouque, Termier and Largouet, Anomaly Detection in Streams with Extreme Value Theory, KDD 2017, equation 1.
 * @param sorted ascending, at least one score, no NaN.
 */
export function extremeValueThreshold(sorted: Float64Array, level: number, risk: number): number {
  const start = percentileOfSorted(sorted, 100 * level);
  const first = firstAbove(sorted, start);
  const excessCount = sorted.length - first;
  if (excessCount === 0) return sorted[sorted.length - 1];
  const share = (risk * sorted.length) / excessCount;
  if (share >= 1) return percentileOfSorted(sorted, 100 * (1 - risk));
  const excesses = sorted.subarray(first).map((score) => score - start);
  const { shape, scale } = fitParetoTail(excesses);
  if (shape === 0) return start - scale * Math.log(share);
  return start + scale * (Math.expm1(-shape * Math.log(share)) / shape);
}

/**
 * Maximum likelihood for excesses over 0, by Grimshaw's reduction to one unknown, x = shape / scale: at an extremum
 * u(x) v(x) = 1 with u = mean 1 / (1 + x y) and v = 1 + mean log(1 + x y); then shape = v - 1 and scale = shape / x.
 * Below shape -1 the likelihood has no maximum; the uniform distribution (shape -1) is the limit there.
 *
 * Source  Grimshaw, Computing Maximum Likelihood Estimates for the Generalized Pareto Distribution, Technometrics 35, 1993.
 * @param excesses positive, at least one.
 */
export function fitParetoTail(excesses: Float64Array): ParetoTail {
  const mean = meanOf(excesses);
  if (!Number.isFinite(mean)) return { shape: 0, scale: Number.MAX_VALUE };
  if (excesses.length < shapeExcessCountMin) return { shape: 0, scale: mean };
  // In units of the mean, so that the grid below fits every scale of scores.
  const scaled = excesses.map((excess) => excess / mean);
  const max = scaled.reduce((a, b) => Math.max(a, b));
  const min = scaled.reduce((a, b) => Math.min(a, b));
  let best: ParetoTail = { shape: 0, scale: 1 };
  // Mean log-likelihood of the exponential: -log(scale) - 1.
  let bestLikelihood = -1;
  if (-Math.log(max) > bestLikelihood) {
    best = { shape: -1, scale: max };
    bestLikelihood = -Math.log(max);
  }
  for (const x of stationaryPoints(scaled, min, max)) {
    const shape = meanLog(scaled, x);
    const scale = shape / x;
    const likelihood = -Math.log(scale) - shape - 1;
    if (shape > -1 && likelihood > bestLikelihood) {
      best = { shape, scale };
      bestLikelihood = likelihood;
    }
  }
  return { shape: best.shape, scale: best.scale * mean };
}

/** Roots of u(x) v(x) - 1 other than the one at 0, within Grimshaw's bounds -1 / max < x < 2 (mean - min) / min^2 (mean = 1). */
function stationaryPoints(scaled: Float64Array, min: number, max: number): number[] {
  const upper = Math.min(1e12, (2 * (1 - min)) / (min * min));
  const roots: number[] = [];
  for (const grid of [negativeGrid(max), positiveGrid(upper)]) {
    for (let i = 1; i < grid.length; i++) {
      const [from, to] = [grid[i - 1], grid[i]];
      const [atFrom, atTo] = [slope(scaled, from), slope(scaled, to)];
      if (atFrom === 0) roots.push(from);
      else if (atFrom * atTo < 0) roots.push(bisect(scaled, from, to, atFrom));
    }
  }
  return roots;
}

/** Points from near -1 / max to near 0, dense at both ends. */
function negativeGrid(max: number): number[] {
  const half = gridPointCount / 2;
  const shares = Array.from({ length: half }, (_, i) => 10 ** (-10 + (i * (10 - Math.log10(2))) / half));
  return [...shares.map((share) => -(1 - share) / max), ...shares.reverse().map((share) => -share / max)];
}

/** Points from near 0 to the upper bound, evenly on a logarithmic scale. */
function positiveGrid(upper: number): number[] {
  const low = 1e-9;
  if (!(upper > low)) return [];
  const ratio = Math.log(upper / low) / (gridPointCount - 1);
  return Array.from({ length: gridPointCount }, (_, i) => low * Math.exp(i * ratio));
}

function bisect(scaled: Float64Array, from: number, to: number, atFrom: number): number {
  let [low, high] = [from, to];
  for (let i = 0; i < bisectionCountMax; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (slope(scaled, middle) * atFrom > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The function u(x) v(x) - 1 whose roots are sought. */
function slope(scaled: Float64Array, x: number): number {
  let inverses = 0;
  for (const excess of scaled) inverses += 1 / (1 + x * excess);
  return (inverses / scaled.length) * (1 + meanLog(scaled, x)) - 1;
}

function meanLog(scaled: Float64Array, x: number): number {
  let sum = 0;
  for (const excess of scaled) sum += Math.log1p(x * excess);
  return sum / scaled.length;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Index of the first value above `limit`: binary search. */
function firstAbove(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
