/**
 * Counts of entries below and not above values in a sorted column, and what the values count by them.
 *
 * A column stands in memory with two infinities behind it, and beside it a table of buckets of equal width: `starts[b]`
 * entries lie in earlier ones, and the last start is the number of entries. The bucket of a value never falls as the
 * value rises, so entries of earlier buckets are below it and entries of later ones above it.
 *
 * Looked up as they come, values of a long column would each wait for memory and for its address. So the values of many
 * rows are first arranged by ranges of buckets (one pass of a counting sort), which goes through the column in order.
 * And each loop does one step for a whole block of values, without branches where it can, so that waits for memory overlap.
 *
 *     values -> arranged values -> places of a block -> windows at places -> pending (window passed) -> cells -> sums
 */

const blockRowCount: usize = 1024;
/** Ranges that values are arranged by, at most: as many as a pass can write to without losing their cache lines. */
const rangeCount: usize = 512;
/** Entries looked at in one step. */
const windowLength: i32 = 4;
/** Bytes read ahead for each value: lines that none of them visits are read in vain. */
const readAheadBytesMax: usize = 256;

/** Writes the `bucketCount + 1` starts (int32) of a column. */
export function startsInto(sorted: usize, count: i32, low: f64, scale: f64, bucketCount: i32, starts: usize): void {
  memory.fill(starts, 0, (<usize>bucketCount + 1) << 2);
  const last = <f64>(bucketCount - 1);
  // The last entry of each bucket writes where the next one starts; empty buckets start where the one before does.
  for (let i = 0; i < count; i++) {
    const bucket = bucketOf(load<f64>(sorted + (<usize>i << 3)), low, scale, last);
    store<i32>(starts + ((<usize>bucket + 1) << 2), i + 1);
  }
  let most = 0;
  for (let bucket = 1; bucket <= bucketCount; bucket++) {
    const at = starts + (<usize>bucket << 2);
    most = max(most, load<i32>(at));
    store<i32>(at, most);
  }
}

// @ts-ignore: decorator
@inline
function bucketOf(value: f64, low: f64, scale: f64, last: f64): i32 {
  const place = (value - low) * scale;
  // NaN, of an overflow times a scale of 0, fails the first comparison.
  return <i32>(place > 0 ? (place < last ? place : last) : 0);
}

/**
 * Rows of width `columnCount` to columns of `pitch` values, from the place that `columns` points to on. For as many rows
 * as stay in the nearest cache.
 */
export function toColumns(rows: usize, rowCount: usize, columnCount: usize, columns: usize, pitch: usize): void {
  for (let column: usize = 0; column < columnCount; column++) {
    let from = rows + (column << 3);
    const to = columns + ((column * pitch) << 3);
    for (let row: usize = 0; row < rowCount; row++) {
      store<f64>(to + (row << 3), load<f64>(from));
      from += columnCount << 3;
    }
  }
}

/**
 * Adds what a column says of each value to `sums`. `logs`: minus the logarithm of i / (count + 1). `fields`: float64
 * low, scale, last bucket, 1 / unit, mean, squares, cubes, constant share, most delta. `count` is 4 at least. `isCopod`:
 * the rule. `arranged`: 14 bytes a value. `scratch`: 16 KiB.
 */
export function addTails(
  values: usize,
  valueCount: usize,
  sorted: usize,
  count: i32,
  starts: usize,
  fields: usize,
  logs: usize,
  isCopod: i32,
  sums: usize,
  arranged: usize,
  scratch: usize,
): void {
  const targets = arranged + (valueCount << 3);
  arrange(values, valueCount, fields, arranged, targets, targets + (valueCount << 2), scratch);
  const places = scratch;
  const buckets = places + (blockRowCount << 2);
  const pending = buckets + (blockRowCount << 2);
  for (let start: usize = 0; start < valueCount; start += blockRowCount) {
    const length = min(blockRowCount, valueCount - start);
    const block = arranged + (start << 3);
    bucketsInto(block, length, fields, buckets);
    readAhead(buckets, length, 2, starts, 0);
    placesInto(length, starts, count, buckets, places);
    readAhead(places, length, 3, sorted, 0);
    const pendingCount = passWindows(sorted, length, block, places, pending);
    searchPending(sorted, pendingCount, starts, block, buckets, places, pending);
    // The rule of ecod looks at the smaller share alone.
    const isLow = load<i32>(places) < count >> 1;
    if (isCopod || isLow) readAhead(places, length, 3, logs, 0);
    if (isCopod || !isLow) readAhead(places, length, 3, logs, count + 1);
    toCells(sorted, count, length, starts, fields, logs, isCopod, block, buckets, places);
  }
  for (let i: usize = 0; i < valueCount; i++) {
    const at = sums + (i << 3);
    store<f64>(at, load<f64>(at) + load<f64>(arranged + (<usize>load<i32>(targets + (i << 2)) << 3)));
  }
}

/** A counting sort of the values by the range of buckets they fall into. `targets` (int32): where each value went. */
function arrange(
  values: usize,
  valueCount: usize,
  fields: usize,
  arranged: usize,
  targets: usize,
  ranges: usize,
  counts: usize,
): void {
  const low = load<f64>(fields);
  const scale = load<f64>(fields + 8);
  const last = load<f64>(fields + 16);
  const shift = max(0, 32 - clz(<i32>last >> 9));
  memory.fill(counts, 0, (rangeCount + 1) << 2);
  for (let i: usize = 0; i < valueCount; i++) {
    const range = <usize>(bucketOf(load<f64>(values + (i << 3)), low, scale, last) >> shift);
    store<u16>(ranges + (i << 1), <u16>range);
    const at = counts + ((range + 1) << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  for (let range: usize = 1; range < rangeCount; range++) {
    const at = counts + (range << 2);
    store<i32>(at, load<i32>(at) + load<i32>(at - 4));
  }
  for (let i: usize = 0; i < valueCount; i++) {
    const at = counts + (<usize>load<u16>(ranges + (i << 1)) << 2);
    const to = load<i32>(at);
    store<i32>(at, to + 1);
    store<f64>(arranged + (<usize>to << 3), load<f64>(values + (i << 3)));
    store<i32>(targets + (i << 2), to);
  }
}

function bucketsInto(values: usize, length: usize, fields: usize, buckets: usize): void {
  const low = load<f64>(fields);
  const scale = load<f64>(fields + 8);
  const last = load<f64>(fields + 16);
  for (let i: usize = 0; i < length; i++) {
    store<i32>(buckets + (i << 2), bucketOf(load<f64>(values + (i << 3)), low, scale, last));
  }
}

/** Where the search of each value starts: at the first entry of its bucket, or earlier where the window would pass the end. */
function placesInto(length: usize, starts: usize, count: i32, buckets: usize, places: usize): void {
  const placeMax = count - windowLength;
  for (let i: usize = 0; i < length; i++) {
    const bucket = <usize>load<i32>(buckets + (i << 2));
    store<i32>(places + (i << 2), min(placeMax, load<i32>(starts + (bucket << 2))));
  }
}

/** The last word read ahead; storing it keeps the compiler from removing the reads. */
let lastRead: i32 = 0;

/**
 * Reads the part of a table of `1 << shift` bytes an entry that a block of indexes will visit, a word of each cache line in
 * order, where it is not much longer than the block: the processor foresees this, not the jumps among indexes, so the
 * jumps that follow do not wait for memory. With a `mirror` the entries are those at `mirror - index`.
 */
function readAhead(indexes: usize, length: usize, shift: usize, table: usize, mirror: i32): void {
  let least = load<i32>(indexes);
  let most = least;
  for (let i: usize = 1; i < length; i++) {
    const index = load<i32>(indexes + (i << 2));
    least = min(least, index);
    most = max(most, index);
  }
  const first = table + (<usize>(mirror > 0 ? mirror - most : least) << shift);
  const last = table + (<usize>(mirror > 0 ? mirror - least : most) << shift);
  if (last - first > length * readAheadBytesMax) return;
  let sum = 0;
  for (let at = first; at <= last; at += 64) sum += load<i32>(at);
  lastRead = sum;
}

/** Moves each place past the entries of its window that are below the value. @returns how many had all of them below. */
function passWindows(sorted: usize, length: usize, values: usize, places: usize, pending: usize): usize {
  let pendingCount: usize = 0;
  for (let i: usize = 0; i < length; i++) {
    const value = v128.load64_splat(values + (i << 3));
    const place = load<i32>(places + (i << 2));
    const at = sorted + (<usize>place << 3);
    const first = f64x2.lt(v128.load(at), value);
    const second = f64x2.lt(v128.load(at + 16), value);
    const passed = popcnt(i64x2.bitmask(first) | (i64x2.bitmask(second) << 2));
    store<i32>(places + (i << 2), place + passed);
    store<i32>(pending + (pendingCount << 2), <i32>i);
    pendingCount += <usize>(passed >> 2);
  }
  return pendingCount;
}

function searchPending(
  sorted: usize,
  pendingCount: usize,
  starts: usize,
  values: usize,
  buckets: usize,
  places: usize,
  pending: usize,
): void {
  for (let k: usize = 0; k < pendingCount; k++) {
    const i = <usize>load<i32>(pending + (k << 2));
    const end = load<i32>(starts + ((<usize>load<i32>(buckets + (i << 2)) + 1) << 2));
    const place = load<i32>(places + (i << 2));
    store<i32>(places + (i << 2), firstNotBelow(sorted, load<f64>(values + (i << 3)), place, end));
  }
}

/** Place of the first entry in [start, end) that is not below the value; `end` if there is none. */
function firstNotBelow(sorted: usize, value: f64, start: i32, end: i32): i32 {
  let low = start;
  let length = end - start;
  while (length > 0) {
    const half = length >> 1;
    const isBelow = load<f64>(sorted + (<usize>(low + half) << 3)) < value;
    low = select(low + half + 1, low, isBelow);
    length = select(length - half - 1, half, isBelow);
  }
  return low;
}

/** Place of the first entry in [start, end) that is above the value; `end` if there is none. */
function firstAbove(sorted: usize, value: f64, start: i32, end: i32): i32 {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (load<f64>(sorted + (<usize>middle << 3)) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Replaces each value by what it counts. */
function toCells(
  sorted: usize,
  count: i32,
  length: usize,
  starts: usize,
  fields: usize,
  logs: usize,
  isCopod: i32,
  values: usize,
  buckets: usize,
  places: usize,
): void {
  const perUnit = load<f64>(fields + 24);
  const mean = load<f64>(fields + 32);
  const squares = load<f64>(fields + 40);
  const cubes = load<f64>(fields + 48);
  const constantShare = load<f64>(fields + 56);
  const deltaMax = load<f64>(fields + 64);
  const total = <f64>count + 1;
  const squareWeight = <f64>count / total;
  const cubeWeight = (<f64>count * (<f64>count - 1)) / (total * total);
  const cross = (3 * squares) / total;
  // No further value makes a column constant that is far from it: it adds to the variance at least 1 / total of what it
  // adds to the square of the mean.
  const spread = squares / total > 4 * constantShare * constantShare * mean * mean;
  for (let i: usize = 0; i < length; i++) {
    const value = load<f64>(values + (i << 3));
    const below = load<i32>(places + (i << 2));
    let upTo = below;
    if (load<f64>(sorted + (<usize>below << 3)) == value) {
      upTo = below + 1;
      if (load<f64>(sorted + (<usize>upTo << 3)) == value) {
        upTo = firstAbove(sorted, value, upTo, load<i32>(starts + ((<usize>load<i32>(buckets + (i << 2)) + 1) << 2)));
      }
    }
    const left = upTo + 1;
    const right = count + 1 - below;
    const offset = value * perUnit - mean;
    const delta = offset > deltaMax ? deltaMax : offset < -deltaMax ? -deltaMax : offset;
    const square = delta * delta;
    let sign = cubes + delta * (square * cubeWeight - cross);
    if (!spread) {
      const limit = constantShare * (mean + delta / total);
      if ((squares + square * squareWeight) / total <= limit * limit) sign = 0;
    }
    let cell: f64;
    if (isCopod || sign == 0) {
      const leftLog = load<f64>(logs + (<usize>left << 3));
      const rightLog = load<f64>(logs + (<usize>right << 3));
      cell = leftLog + rightLog;
      if (sign != 0) cell = max(sign < 0 ? leftLog : rightLog, cell / 2);
    } else {
      // The larger of two logarithms is that of the smaller share.
      cell = load<f64>(logs + (<usize>min(left, right) << 3));
    }
    store<f64>(values + (i << 3), cell);
  }
}
