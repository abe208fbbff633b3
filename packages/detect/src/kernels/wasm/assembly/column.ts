/**
 * Radix sort of float64 with the order of the places.
 *
 * A float64 maps to an unsigned 64-bit key of the same order. What all keys share is taken off (the smallest key is
 * subtracted), and of the rest the top 33 bits go, with the 31 bits of the place, into one record of 8 bytes: three
 * passes of 11 bits then sort records without a separate array of places.
 *
 *     record   [ key - smallest key, top 33 bits | place, 31 bits ]
 *
 * Values that agree in those 33 bits stand together afterwards. Short runs are put right by insertion, long ones by
 * the same sort again: there the keys differ in their low bits only, so that the second round decides everything.
 */

const placeBits: u64 = 31;
const placeMask: u64 = 0x7fffffff;
const keyBits: u64 = 33;
const digitBits: u64 = 11;
const digitCount: usize = 2048;
const digitMask: u64 = 2047;
/** Longest run that insertion sorts. */
const insertionMax: usize = 48;

/**
 * `values`: count float64, -0 becomes 0; `order`: count u32; `records`, `spare`: count u64; `table`: 3 x 2048 u32.
 * The sorted values end in `spare`.
 */
export function sortColumn(values: usize, order: usize, records: usize, spare: usize, table: usize, count: usize): void {
  let least: u64 = ~(<u64>0);
  let most: u64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(values + (i << 3)) + 0.0; // -0 becomes 0
    store<f64>(values + (i << 3), value);
    const key = keyOf(value);
    if (key < least) least = key;
    if (key > most) most = key;
  }
  const shift = shiftFor(most - least);
  sortRecords(values, least, shift, records, spare, table, count, (most - least) >> shift);
  for (let i: usize = 0; i < count; i++) {
    const place = load<u64>(records + (i << 3)) & placeMask;
    store<u32>(order + (i << 2), <u32>place);
    store<f64>(spare + (i << 3), load<f64>(values + (<usize>place << 3)));
  }
  if (shift > 0) sortRuns(spare, order, records, values, table, count);
}

/** Puts right every run of records whose keys agree. Reads the runs from `records` before it uses them as scratch. */
function sortRuns(values: usize, order: usize, records: usize, spare: usize, table: usize, count: usize): void {
  let start: usize = 0;
  while (start < count) {
    const key = load<u64>(records + (start << 3)) >> placeBits;
    let end = start + 1;
    while (end < count && load<u64>(records + (end << 3)) >> placeBits == key) end++;
    const length = end - start;
    if (length > 1) {
      const runValues = values + (start << 3);
      const runOrder = order + (start << 2);
      if (length <= insertionMax) insertionSort(runValues, runOrder, length);
      else sortRun(runValues, runOrder, records + (start << 3), spare, table, length);
    }
    start = end;
  }
}

/** Stable, so equal values keep the order of their places. */
function insertionSort(values: usize, order: usize, count: usize): void {
  for (let i: usize = 1; i < count; i++) {
    const value = load<f64>(values + (i << 3));
    let j = i;
    if (load<f64>(values + ((j - 1) << 3)) <= value) continue;
    const place = load<u32>(order + (i << 2));
    while (j > 0 && load<f64>(values + ((j - 1) << 3)) > value) {
      store<f64>(values + (j << 3), load<f64>(values + ((j - 1) << 3)));
      store<u32>(order + (j << 2), load<u32>(order + ((j - 1) << 2)));
      j--;
    }
    store<f64>(values + (j << 3), value);
    store<u32>(order + (j << 2), place);
  }
}

/** A run of keys that differ in fewer than 33 low bits: sorted completely by one more round. */
function sortRun(values: usize, order: usize, records: usize, spare: usize, table: usize, count: usize): void {
  let least: u64 = ~(<u64>0);
  let most: u64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const key = keyOf(load<f64>(values + (i << 3)));
    if (key < least) least = key;
    if (key > most) most = key;
  }
  if (least == most) return;
  sortRecords(values, least, 0, records, spare, table, count, most - least);
  // Apply the permutation to values and order, through the spare array.
  for (let i: usize = 0; i < count; i++) {
    const place = <usize>(load<u64>(records + (i << 3)) & placeMask);
    store<f64>(spare + (i << 3), load<f64>(values + (place << 3)));
  }
  memory.copy(values, spare, count << 3);
  for (let i: usize = 0; i < count; i++) {
    const place = <usize>(load<u64>(records + (i << 3)) & placeMask);
    store<u32>(spare + (i << 2), load<u32>(order + (place << 2)));
  }
  memory.copy(order, spare, count << 2);
}

/**
 * Makes the records of the values and sorts them, least significant digit first; the result ends in `records`. `range`
 * is the largest key. The first pass makes the records as it goes, so that they are not written and read once more.
 */
function sortRecords(
  values: usize,
  least: u64,
  shift: u64,
  records: usize,
  spare: usize,
  table: usize,
  count: usize,
  range: u64,
): void {
  memory.fill(table, 0, (3 * digitCount) << 2);
  for (let i: usize = 0; i < count; i++) {
    const key = (keyOf(load<f64>(values + (i << 3))) - least) >> shift;
    countDigit(table, key & digitMask);
    countDigit(table + (digitCount << 2), (key >> digitBits) & digitMask);
    countDigit(table + (digitCount << 3), key >> (2 * digitBits));
  }
  const passCount: usize = range >> (2 * digitBits) > 0 ? 3 : range >> digitBits > 0 ? 2 : 1;
  let to = passCount == 2 ? spare : records;
  let from = passCount == 2 ? records : spare;
  startsOfDigits(table);
  for (let i: usize = 0; i < count; i++) {
    const key = (keyOf(load<f64>(values + (i << 3))) - least) >> shift;
    putRecord(to, table, key & digitMask, (key << placeBits) | <u64>i);
  }
  for (let pass: usize = 1; pass < passCount; pass++) {
    const held = from;
    from = to;
    to = held;
    const counts = table + pass * (digitCount << 2);
    const digitAt = placeBits + <u64>pass * digitBits;
    startsOfDigits(counts);
    for (let i: usize = 0; i < count; i++) {
      const record = load<u64>(from + (i << 3));
      putRecord(to, counts, (record >> digitAt) & digitMask, record);
    }
  }
}

/** Counts of digits become the places where their records start. */
function startsOfDigits(counts: usize): void {
  let sum: u32 = 0;
  for (let digit: usize = 0; digit < digitCount; digit++) {
    const held = load<u32>(counts + (digit << 2));
    store<u32>(counts + (digit << 2), sum);
    sum += held;
  }
}

// @ts-ignore: decorator
@inline
function putRecord(to: usize, starts: usize, digit: u64, record: u64): void {
  const cell = starts + (<usize>digit << 2);
  const target = load<u32>(cell);
  store<u32>(cell, target + 1);
  store<u64>(to + (<usize>target << 3), record);
}

// @ts-ignore: decorator
@inline
function countDigit(table: usize, digit: u64): void {
  const cell = table + (<usize>digit << 2);
  store<u32>(cell, load<u32>(cell) + 1);
}

// @ts-ignore: decorator
@inline
function keyOf(value: f64): u64 {
  const bits = reinterpret<u64>(value);
  return bits ^ ((<u64>(<i64>bits >> 63)) | 0x8000000000000000);
}

/** How far a range of keys must be shifted to fit into 33 bits. */
// @ts-ignore: decorator
@inline
function shiftFor(range: u64): u64 {
  const bits = 64 - clz(range);
  return bits > keyBits ? bits - keyBits : 0;
}

/**
 * Projections of a block of rows, two rows at a time. `block` holds the rows column by column (`pitch` rows a column,
 * an even number, the last of an odd number of rows being filled up by row 0), so that two rows stand side by side in a
 * vector. `projected`: scratch of `pitch` float64.
 */

/** Rows of width `columnCount` to columns of `pitch` rows. */
export function toColumns(rows: usize, block: usize, rowCount: usize, columnCount: usize, pitch: usize): void {
  for (let column: usize = 0; column < columnCount; column++) {
    let from = rows + (column << 3);
    const to = block + ((column * pitch) << 3);
    for (let row: usize = 0; row < rowCount; row++) {
      store<f64>(to + (row << 3), load<f64>(from));
      from += columnCount << 3;
    }
    for (let row = rowCount; row < pitch; row++) store<f64>(to + (row << 3), load<f64>(to));
  }
}

/**
 * One projection of every row of the block into `out` (`pitch` float64), the terms added in their order. Term by term,
 * so that column and weight stay in registers.
 */
function projectInto(block: usize, pitch: usize, columns: usize, weights: usize, width: usize, out: usize): void {
  const end = pitch << 3;
  const first = block + ((<usize>load<i32>(columns) * pitch) << 3);
  const firstWeight = v128.load64_splat(weights);
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(out + at, f64x2.mul(v128.load(first + at), firstWeight));
  }
  for (let term: usize = 1; term < width; term++) {
    const from = block + ((<usize>load<i32>(columns + (term << 2)) * pitch) << 3);
    const weight = v128.load64_splat(weights + (term << 3));
    for (let at: usize = 0; at < end; at += 16) {
      const product = f64x2.mul(v128.load(from + at), weight);
      v128.store(out + at, f64x2.add(v128.load(out + at), product));
    }
  }
}

/** Padding rows repeat row 0 of the block, so they move no range. */
export function projectedRanges(
  block: usize,
  pitch: usize,
  count: usize,
  width: usize,
  columns: usize,
  weights: usize,
  ranges: usize,
  projected: usize,
): void {
  for (let index: usize = 0; index < count; index++) {
    const columnsAt = columns + ((index * width) << 2);
    const weightsAt = weights + ((index * width) << 3);
    projectInto(block, pitch, columnsAt, weightsAt, width, projected);
    let least = v128.load64_splat(ranges + (index << 4));
    let most = v128.load64_splat(ranges + (index << 4) + 8);
    for (let row: usize = 0; row < pitch; row += 2) {
      const value = v128.load(projected + (row << 3));
      // pmin(a, b) is b < a ? b : a, so NaN changes nothing, as in the reference.
      least = f64x2.pmin(least, value);
      most = f64x2.pmax(most, value);
    }
    const least0 = f64x2.extract_lane(least, 0);
    const least1 = f64x2.extract_lane(least, 1);
    const most0 = f64x2.extract_lane(most, 0);
    const most1 = f64x2.extract_lane(most, 1);
    store<f64>(ranges + (index << 4), least1 < least0 ? least1 : least0);
    store<f64>(ranges + (index << 4) + 8, most1 > most0 ? most1 : most0);
  }
}

/** Two places in a step function, less the least, as two int32 in the low half. */
// @ts-ignore: decorator
@inline
function placePair(value: v128, low: v128, scale: v128, least: v128, most: v128): v128 {
  const place = f64x2.floor(f64x2.mul(f64x2.sub(value, low), scale));
  const clamped = f64x2.pmin(most, f64x2.pmax(least, place));
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.sub(clamped, least));
}

/** Widest step function that is counted in four tables at once. */
const spreadSpanMax: usize = 64;

/**
 * `limits`: 4 float64 for each step function: low, scale, least, most. `starts`: int32. `spare`: 4 x 64 int32.
 * Neighbouring rows often fall into the same cell, and an increment that waits for the one before it takes three times
 * as long; so four rows count into four tables, which are added up for each step function.
 */
export function projectedCounts(
  block: usize,
  rowCount: usize,
  pitch: usize,
  count: usize,
  width: usize,
  columns: usize,
  weights: usize,
  limits: usize,
  starts: usize,
  counts: usize,
  spare: usize,
  projected: usize,
): void {
  for (let index: usize = 0; index < count; index++) {
    const columnsAt = columns + ((index * width) << 2);
    const weightsAt = weights + ((index * width) << 3);
    projectInto(block, pitch, columnsAt, weightsAt, width, projected);
    const limitsAt = limits + (index << 5);
    const low = v128.load64_splat(limitsAt);
    const scale = v128.load64_splat(limitsAt + 8);
    const least = v128.load64_splat(limitsAt + 16);
    const most = v128.load64_splat(limitsAt + 24);
    const cells = counts + (<usize>load<i32>(starts + (index << 2)) << 2);
    const span = <usize>(load<f64>(limitsAt + 24) - load<f64>(limitsAt + 16)) + 1;
    let row: usize = 0;
    if (span <= spreadSpanMax) {
      const table = spreadSpanMax << 2;
      memory.fill(spare, 0, table << 2);
      for (; row + 4 <= rowCount; row += 4) {
        const value = v128.load(projected + (row << 3));
        const next = v128.load(projected + ((row + 2) << 3));
        const places = placePair(value, low, scale, least, most);
        const nextPlaces = placePair(next, low, scale, least, most);
        increment(spare, i32x4.extract_lane(places, 0));
        increment(spare + table, i32x4.extract_lane(places, 1));
        increment(spare + 2 * table, i32x4.extract_lane(nextPlaces, 0));
        increment(spare + 3 * table, i32x4.extract_lane(nextPlaces, 1));
      }
      addTables(cells, spare, span);
    }
    for (; row < rowCount; row += 2) {
      const value = v128.load(projected + (row << 3));
      const places = placePair(value, low, scale, least, most);
      increment(cells, i32x4.extract_lane(places, 0));
      if (row + 1 < rowCount) increment(cells, i32x4.extract_lane(places, 1));
    }
  }
}

/** Adds the four tables of `spare` to the first `span` counts. */
function addTables(counts: usize, spare: usize, span: usize): void {
  const table = spreadSpanMax << 2;
  for (let place: usize = 0; place < span; place++) {
    const at = spare + (place << 2);
    const sum = load<i32>(at) + load<i32>(at + table) + load<i32>(at + 2 * table) + load<i32>(at + 3 * table);
    store<i32>(counts + (place << 2), load<i32>(counts + (place << 2)) + sum);
  }
}

// @ts-ignore: decorator
@inline
function increment(cells: usize, place: i32): void {
  const at = cells + (<usize>place << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** `sums`: pitch float64, written. */
export function projectedSums(
  block: usize,
  pitch: usize,
  count: usize,
  width: usize,
  columns: usize,
  weights: usize,
  limits: usize,
  starts: usize,
  cells: usize,
  sums: usize,
  projected: usize,
): void {
  memory.fill(sums, 0, pitch << 3);
  for (let index: usize = 0; index < count; index++) {
    const columnsAt = columns + ((index * width) << 2);
    const weightsAt = weights + ((index * width) << 3);
    projectInto(block, pitch, columnsAt, weightsAt, width, projected);
    const limitsAt = limits + (index << 5);
    const low = v128.load64_splat(limitsAt);
    const scale = v128.load64_splat(limitsAt + 8);
    const least = v128.load64_splat(limitsAt + 16);
    const most = v128.load64_splat(limitsAt + 24);
    const table = cells + (<usize>load<i32>(starts + (index << 2)) << 3);
    for (let row: usize = 0; row < pitch; row += 2) {
      const value = v128.load(projected + (row << 3));
      const places = placePair(value, low, scale, least, most);
      const first = table + (<usize>i32x4.extract_lane(places, 0) << 3);
      const second = table + (<usize>i32x4.extract_lane(places, 1) << 3);
      const pair = v128.load64_lane(second, v128.load64_zero(first), 1);
      const at = sums + (row << 3);
      v128.store(at, f64x2.add(v128.load(at), pair));
    }
  }
}

/**
 * Histograms of columns, rows as they come. Two neighbouring columns stand side by side in a vector; the last of an odd
 * number stands alone. `bins`: 12 float64 for each column, see the fields below; `starts` and `cells` as in the contract.
 */
const binFields: usize = 12;

/** Lowers and raises `ranges`: the least and the largest of each column, 2 float64. */
export function columnRanges(rows: usize, rowCount: usize, columnCount: usize, ranges: usize): void {
  const stride = columnCount << 3;
  for (let column: usize = 0; column < columnCount; column += 2) {
    const alone = column + 1 == columnCount;
    const at = ranges + (column << 4);
    let least = alone ? v128.load64_splat(at) : v128.load64_lane(at + 16, v128.load64_zero(at), 1);
    let most = alone ? v128.load64_splat(at + 8) : v128.load64_lane(at + 24, v128.load64_zero(at + 8), 1);
    let from = rows + (column << 3);
    for (let row: usize = 0; row < rowCount; row++) {
      const value = alone ? v128.load64_splat(from) : v128.load(from);
      least = f64x2.pmin(least, value);
      most = f64x2.pmax(most, value);
      from += stride;
    }
    store<f64>(at, f64x2.extract_lane(least, 0));
    store<f64>(at + 8, f64x2.extract_lane(most, 0));
    if (alone) continue;
    store<f64>(at + 16, f64x2.extract_lane(least, 1));
    store<f64>(at + 24, f64x2.extract_lane(most, 1));
  }
}

/** The bin of a value that the guess missed or that lies outside: -1 below, -2 above. */
function exactBin(value: f64, starts: usize, binCount: usize): i32 {
  if (!(value >= load<f64>(starts))) return -1;
  if (!(value < load<f64>(starts + (binCount << 3)))) return -2;
  let low: usize = 0;
  let high = binCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (load<f64>(starts + (middle << 3)) <= value) low = middle;
    else high = middle - 1;
  }
  return <i32>low;
}

/**
 * Fields: 0 first start, 1 scale, 2 last bin, 3 place of the first start, 4 place of the first bin. `spare`: 4 x 64
 * int32, for counting four rows into four tables, as `projectedCounts` does.
 */
export function binCounts(
  rows: usize,
  rowCount: usize,
  columnCount: usize,
  bins: usize,
  starts: usize,
  counts: usize,
  spare: usize,
): void {
  const stride = columnCount << 3;
  const table = spreadSpanMax << 2;
  for (let column: usize = 0; column < columnCount; column++) {
    const fields = bins + ((column * binFields) << 3);
    const first = load<f64>(fields);
    const scale = load<f64>(fields + 8);
    const lastBin = load<f64>(fields + 16);
    const startsAt = starts + (<usize>load<f64>(fields + 24) << 3);
    const countsAt = counts + (<usize>load<f64>(fields + 32) << 2);
    const binCount = <usize>lastBin + 1;
    let from = rows + (column << 3);
    let row: usize = 0;
    if (binCount <= spreadSpanMax) {
      memory.fill(spare, 0, table << 2);
      for (; row + 4 <= rowCount; row += 4) {
        increment(spare, foundBin(load<f64>(from), first, scale, lastBin, startsAt));
        increment(spare + table, foundBin(load<f64>(from + stride), first, scale, lastBin, startsAt));
        increment(spare + 2 * table, foundBin(load<f64>(from + 2 * stride), first, scale, lastBin, startsAt));
        increment(spare + 3 * table, foundBin(load<f64>(from + 3 * stride), first, scale, lastBin, startsAt));
        from += stride << 2;
      }
      addTables(countsAt, spare, binCount);
    }
    for (; row < rowCount; row++) {
      increment(countsAt, foundBin(load<f64>(from), first, scale, lastBin, startsAt));
      from += stride;
    }
  }
}

// @ts-ignore: decorator
@inline
function foundBin(value: f64, first: f64, scale: f64, lastBin: f64, startsAt: usize): i32 {
  const guess = binGuess(value, first, scale, lastBin);
  const at = startsAt + (<usize>guess << 3);
  if (value >= load<f64>(at) && value < load<f64>(at + 8)) return guess;
  return exactBin(value, startsAt, <usize>lastBin + 1);
}

// @ts-ignore: decorator
@inline
function binGuess(value: f64, first: f64, scale: f64, lastBin: f64): i32 {
  const place = (value - first) * scale;
  // NaN, of an overflow times a scale of 0, fails the first comparison.
  return <i32>(place > 0 ? (place < lastBin ? place : lastBin) : 0);
}

/**
 * Fields beside those of `binCounts`: 5 first edge, 6 how far below it still counts to the first bin, 7 last edge, 8 how
 * far above it still counts to the last bin, 9 what farther out counts. `sums`: one float64 a row and one more, written.
 */
export function binnedSums(
  rows: usize,
  rowCount: usize,
  columnCount: usize,
  bins: usize,
  starts: usize,
  cells: usize,
  sums: usize,
): void {
  memory.fill(sums, 0, (rowCount + 1) << 3);
  for (let column: usize = 0; column < columnCount; column++) {
    const fields = bins + ((column * binFields) << 3);
    const first = load<f64>(fields);
    const scale = load<f64>(fields + 8);
    const lastBin = load<f64>(fields + 16);
    const startsAt = starts + (<usize>load<f64>(fields + 24) << 3);
    const cellsAt = cells + (<usize>load<f64>(fields + 32) << 3);
    const stride = columnCount << 3;
    const firsts = f64x2.splat(first);
    const scales = f64x2.splat(scale);
    const lastBins = f64x2.splat(lastBin);
    let from = rows + (column << 3);
    for (let row: usize = 0; row < rowCount; row += 2) {
      // Two rows at a time; the row after the last of an odd number is the last once more, and its sum is not read.
      const nextFrom = row + 1 < rowCount ? from + stride : from;
      const values = v128.load64_lane(nextFrom, v128.load64_zero(from), 1);
      from = nextFrom + stride;
      const places = f64x2.mul(f64x2.sub(values, firsts), scales);
      const clamped = f64x2.pmin(lastBins, f64x2.pmax(f64x2.splat(0), places));
      const guesses = i32x4.trunc_sat_f64x2_s_zero(clamped);
      const guess0 = <usize>i32x4.extract_lane(guesses, 0) << 3;
      const guess1 = <usize>i32x4.extract_lane(guesses, 1) << 3;
      const low = v128.load64_lane(startsAt + guess1, v128.load64_zero(startsAt + guess0), 1);
      const high = v128.load64_lane(startsAt + guess1 + 8, v128.load64_zero(startsAt + guess0 + 8), 1);
      let cellPair = v128.load64_lane(cellsAt + guess1, v128.load64_zero(cellsAt + guess0), 1);
      if (!i64x2.all_true(v128.and(f64x2.ge(values, low), f64x2.lt(values, high)))) {
        const cell0 = binnedCell(f64x2.extract_lane(values, 0), guess0, fields, startsAt, cellsAt);
        const cell1 = binnedCell(f64x2.extract_lane(values, 1), guess1, fields, startsAt, cellsAt);
        cellPair = f64x2.replace_lane(f64x2.splat(cell0), 1, cell1);
      }
      const sumsAt = sums + (row << 3);
      v128.store(sumsAt, f64x2.add(v128.load(sumsAt), cellPair));
    }
  }
}

// @ts-ignore: decorator
@inline
function binnedCell(value: f64, guessBytes: usize, fields: usize, startsAt: usize, cellsAt: usize): f64 {
  const at = startsAt + guessBytes;
  if (value >= load<f64>(at) && value < load<f64>(at + 8)) return load<f64>(cellsAt + guessBytes);
  return missedCell(value, fields, startsAt, cellsAt);
}

function missedCell(value: f64, fields: usize, startsAt: usize, cellsAt: usize): f64 {
  const lastBin = <usize>load<f64>(fields + 16);
  const bin = exactBin(value, startsAt, lastBin + 1);
  if (bin >= 0) return load<f64>(cellsAt + (<usize>bin << 3));
  if (bin == -1) return load<f64>(fields + 40) - value <= load<f64>(fields + 48) ? load<f64>(cellsAt) : load<f64>(fields + 72);
  return value - load<f64>(fields + 56) <= load<f64>(fields + 64) ? load<f64>(cellsAt + (lastBin << 3)) : load<f64>(fields + 72);
}
