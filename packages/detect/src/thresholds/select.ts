/** The k-th smallest of many values without sorting them all. */

/** Rounds of partition after which the rest is sorted, which bounds the cost of values in an adversarial order. */
const roundCountMax = 64;
/** Ranges this short are sorted. */
const shortRange = 32;

/** Two neighbouring order statistics, or one twice at the upper end. */
export interface OrderPair {
  readonly low: number;
  readonly high: number;
}

/**
 * The `index`-th smallest value (from 0) and the one after it, or itself twice where it is the largest.
 * @param values without NaN, at least `index + 1` of them; their order is changed.
 */
export function selectPair(values: Float64Array, index: number): OrderPair {
  let start = 0;
  let end = values.length;
  for (let round = 0; end - start > shortRange && round < roundCountMax; round++) {
    const { lowerEnd, upperStart } = part(values, start, end, medianOfThree(values, start, end));
    if (index < lowerEnd) end = lowerEnd;
    else if (index >= upperStart) start = upperStart;
    else {
      // Between the parts all values are the pivot.
      start = lowerEnd;
      end = upperStart;
      break;
    }
  }
  const range = values.subarray(start, end).sort();
  const low = range[index - start];
  if (index + 1 < end) return { low, high: range[index + 1 - start] };
  return { low, high: end === values.length ? low : smallest(values, end) };
}

/** Hoare's partition: [start, lowerEnd) not above the pivot, [upperStart, end) not below it, what lies between equal to it. */
function part(values: Float64Array, start: number, end: number, pivot: number): { lowerEnd: number; upperStart: number } {
  let from = start;
  let to = end - 1;
  while (from <= to) {
    while (values[from] < pivot) from++;
    while (values[to] > pivot) to--;
    if (from > to) break;
    const held = values[from];
    values[from++] = values[to];
    values[to--] = held;
  }
  return { lowerEnd: to + 1, upperStart: from };
}

function medianOfThree(values: Float64Array, start: number, end: number): number {
  const a = values[start];
  const b = values[(start + end) >>> 1];
  const c = values[end - 1];
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function smallest(values: Float64Array, start: number): number {
  let least = values[start];
  for (let i = start + 1; i < values.length; i++) if (values[i] < least) least = values[i];
  return least;
}
