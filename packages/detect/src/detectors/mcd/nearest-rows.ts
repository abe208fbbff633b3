/** The rows of smallest distance. */

/** Intervals that distances are counted in. */
const intervalCount = 1024;
const counts = new Uint32Array(intervalCount);

/** Indexes, ascending, of the `count` smallest distances (1 <= count <= length); of equal ones the first. From 0, none may be NaN. */
export function indexesOfSmallest(distances: Float64Array, count: number): Int32Array {
  const limit = kthSmallestDistance(distances, count - 1);
  // One place more, so that the index of a distance beyond the limit can be written and overwritten: without a branch that
  // a processor would guess wrong for every fourth row.
  const indexes = new Int32Array(distances.length + 1);
  let found = 0;
  for (let i = 0; i < distances.length; i++) {
    indexes[found] = i;
    found += distances[i] <= limit ? 1 : 0;
  }
  return found === count ? indexes.subarray(0, count) : withFirstTies(distances, limit, count);
}

/** As {@link indexesOfSmallest}, where only some of the distances that equal the limit have a place. */
function withFirstTies(distances: Float64Array, limit: number, count: number): Int32Array {
  let tiesLeft = count;
  for (const distance of distances) if (distance < limit) tiesLeft--;
  const indexes = new Int32Array(count);
  for (let i = 0, to = 0; to < count; i++) {
    const distance = distances[i];
    if (distance > limit) continue;
    if (distance === limit) {
      if (tiesLeft === 0) continue;
      tiesLeft--;
    }
    indexes[to++] = i;
  }
  return indexes;
}

/**
 * The distance at place `k` of the sorted distances. Floating-point numbers from 0 are in the order of their bits: their upper halves
 * are counted in intervals, and only the distances of the interval with place `k` are sorted.
 */
function kthSmallestDistance(distances: Float64Array, k: number): number {
  const upper = new Int32Array(distances.buffer, distances.byteOffset, 2 * distances.length);
  let low = upper[1];
  let high = low;
  for (let i = 3; i < upper.length; i += 2) {
    const word = upper[i];
    low = word < low ? word : low;
    high = word > high ? word : high;
  }
  let shift = 0;
  while ((high - low) >>> shift >= intervalCount) shift++;
  counts.fill(0);
  for (let i = 1; i < upper.length; i += 2) counts[(upper[i] - low) >>> shift]++;
  let interval = 0;
  let below = 0;
  while (below + counts[interval] <= k) below += counts[interval++];
  const within = new Float64Array(counts[interval] + 1);
  let found = 0;
  for (let i = 0; i < distances.length; i++) {
    within[found] = distances[i];
    found += (upper[2 * i + 1] - low) >>> shift === interval ? 1 : 0;
  }
  return within.subarray(0, found).sort()[k - below];
}

/** Hoare's selection with the middle of three as pivot; reorders `values`. `k` counts from 0. */
export function kthSmallest(values: Float64Array, k: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = middleOfThree(values[low], values[(low + high) >> 1], values[high]);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const held = values[i];
      values[i++] = values[j];
      values[j--] = held;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
