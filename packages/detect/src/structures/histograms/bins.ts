/** The bins of a histogram: their edges, and how many bins suit a column. */

import type { Pieces } from "../../threads/pieces.ts";

/**
 * Which rule makes the bins: the papers' or PyOD's. PyOD takes numpy's edges, multiples of a rounded width, so that with ten
 * bins from 0 to 1 the edge 0.6000000000000001 leaves 0.6 in the bin below; and `auto` by its own reading of the penalty.
 */
export type BinRule = "birge-rozenholc" | "pyod";

/**
 * `binCount + 1` edges of bins of equal width; a single value gets bins around it. Edges rise strictly: a range with too
 * few float64 numbers in it gets fewer bins.
 */
export function equalWidthEdges(min: number, max: number, binCount: number, rule: BinRule): Float64Array {
  const [first, last] = min < max ? [min, max] : around(min);
  const edgesOf = rule === "pyod" ? numpyEdges : evenEdges;
  for (let count = binCount; count > 1; count = Math.floor(count / 2)) {
    const edges = edgesOf(first, last, count);
    if (risesStrictly(edges)) return edges;
  }
  return Float64Array.of(first, last);
}

/** Half a unit to either side, or as much as float64 can tell apart there. */
function around(value: number): [number, number] {
  const half = Math.max(0.5, Math.abs(value) * 2 ** -50);
  return [Math.max(value - half, -Number.MAX_VALUE), Math.min(value + half, Number.MAX_VALUE)];
}

/** For a range from 0 to a whole number each edge is rounded once, as grid values are: a value on an edge then equals it. */
function evenEdges(first: number, last: number, binCount: number): Float64Array {
  const edges = new Float64Array(binCount + 1);
  // Parts of them where the multiples of the range would overflow.
  const unit = binCount * (last - first) < Number.POSITIVE_INFINITY ? 1 : hugeUnit;
  const range = last / unit - first / unit;
  for (let i = 1; i < binCount; i++) edges[i] = unit * (first / unit + (i * range) / binCount);
  edges[0] = first;
  edges[binCount] = last;
  return edges;
}

/** More than twice as many as there can be bins. */
const hugeUnit = 2 ** 32;

function numpyEdges(first: number, last: number, binCount: number): Float64Array {
  const edges = new Float64Array(binCount + 1);
  // Halves where the range itself would overflow.
  const unit = last - first < Number.POSITIVE_INFINITY ? 1 : 2;
  const step = (last / unit - first / unit) / binCount;
  for (let i = 0; i < binCount; i++) edges[i] = unit * (i * step + first / unit);
  edges[binCount] = last;
  return edges;
}

function risesStrictly(edges: Float64Array): boolean {
  for (let i = 1; i < edges.length; i++) if (!(edges[i] > edges[i - 1])) return false;
  return true;
}

/**
 * Edges of bins that hold nearly equal numbers of values: `binCount` bins at most, equal values never parted, and a
 * value as frequent as a bin in a bin of its own. Inner edges lie halfway between the values they part.
 */
export function equalCountEdges(sorted: Float64Array, binCount: number): Float64Array {
  const count = sorted.length;
  if (sorted[0] === sorted[count - 1]) return Float64Array.from(around(sorted[0]));
  const size = Math.ceil(count / binCount);
  const edges = [sorted[0]];
  for (let start = 0; start < count;) {
    let end = Math.min(count, start + size);
    if (end < count && sorted[end] === sorted[end - 1]) {
      const runStart = lowerPlace(sorted, sorted[end]);
      const runEnd = upperPlace(sorted, sorted[end]);
      end = runStart > start && runEnd - runStart >= size ? runStart : runEnd;
    }
    edges.push(end < count ? between(sorted[end - 1], sorted[end]) : sorted[count - 1]);
    start = end;
  }
  // The largest value alone in the last bin: its bin starts at the value itself only when both are neighbours in float64.
  if (edges[edges.length - 2] === edges[edges.length - 1]) edges.splice(-2, 1);
  return Float64Array.from(edges);
}

/** Above `low`, at most `high`. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle > low ? middle : high;
}

/** Edges looked up between two pieces: some ten milliseconds. */
const searchedCountMax = 50_000;

/**
 * The number of bins of equal width with the largest penalised likelihood (Birgé and Rozenholc, How many bins should be
 * put in a regular histogram, ESAIM P&S 2006, eq. 1.4): sum N_j log(D N_j / n) less D - 1 + (log D)^2.5.
 * PyOD adds 1 inside the logarithm, takes the penalty off once for every bin, and stops one short of the square root.
 */
export function* bestBinCount(sorted: Float64Array, rule: BinRule): Pieces<number> {
  const count = sorted.length;
  const min = sorted[0];
  const max = sorted[count - 1];
  if (rule === "birge-rozenholc" && min === max) return 1;
  const limit = Math.floor(Math.sqrt(count)) - (rule === "pyod" ? 1 : 0);
  let best = 1;
  let largest = Number.NEGATIVE_INFINITY;
  for (let binCount = 1, work = 0; binCount <= limit; binCount++, work += binCount) {
    if (work > searchedCountMax) {
      work = 0;
      yield;
    }
    const likelihood = penalisedLikelihood(sorted, binCount, rule);
    if (likelihood > largest) {
      largest = likelihood;
      best = binCount;
    }
  }
  return best;
}

function penalisedLikelihood(sorted: Float64Array, binCount: number, rule: BinRule): number {
  const penalty = binCount - 1 + Math.log(binCount) ** 2.5;
  const counts = sortedCounts(sorted, equalWidthEdges(sorted[0], sorted[sorted.length - 1], binCount, rule));
  let sum = 0;
  for (const held of counts) {
    const share = (binCount * held) / sorted.length;
    if (rule === "pyod") sum += held * Math.log(share + 1) - penalty;
    else if (held > 0) sum += held * Math.log(share);
  }
  return rule === "pyod" ? sum : sum - penalty;
}

/** How many values each bin holds; bins are closed on the left, the last on both sides. */
export function sortedCounts(sorted: Float64Array, edges: Float64Array): Int32Array {
  const counts = new Int32Array(edges.length - 1);
  let start = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const end = bin === counts.length - 1 ? sorted.length : lowerPlace(sorted, edges[bin + 1], start);
    counts[bin] = end - start;
    start = end;
  }
  return counts;
}

function lowerPlace(sorted: Float64Array, value: number, from = 0): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upperPlace(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
