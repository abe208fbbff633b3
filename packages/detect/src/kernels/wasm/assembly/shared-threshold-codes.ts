// Ranks of values among the thresholds of a forest: part of the forest family.

/**
 * Codes of one column's values for a block of rows: how many of the column's sorted thresholds lie below the value, in the
 * high half of each 32-bit word. `value > thresholds[k]` is the same as `code > k`, so trees compare whole numbers from
 * here on and no bit of the float64 comparison is lost.
 *
 * A grid over the thresholds finds the neighbourhood: rounding keeps order, so a threshold in a lower cell than the
 * value is below it, one in a higher cell above it, and only those in its own cell are compared.
 */
export function codeColumn(
  values: u32, // first row's value of this column
  strideBytes: u32, // from row to row
  rowCount: u32, // made even: one row more may be read, and its code written
  thresholds: u32, // sorted float64, four infinities behind the last
  cellStarts: u32, // u32[cellCount + 1]
  cellCount: u32,
  low: f64,
  scale: f64,
  codes: u32, // first cell; word of row r at (r / 8) * groupBytes + (r % 8) * 4
  groupBytes: u32,
): void {
  const lows = f64x2.splat(low);
  const scales = f64x2.splat(scale);
  const zeros = f64x2.splat(0);
  const cellLasts = f64x2.splat(<f64>(cellCount - 1));
  const rounder = f64x2.splat(4503599627370496);
  // Two rows at a time.
  for (let row: u32 = 0; row < rowCount; row += 2) {
    const pair = v128.load64_lane(values + strideBytes, v128.load64_zero(values), 1);
    values += strideBytes << 1;
    // For NaN both operations give their first operand: it falls into cell 0, where every comparison fails and it counts nothing.
    const cells = f64x2.pmin(f64x2.pmax(zeros, f64x2.mul(f64x2.sub(pair, lows), scales)), cellLasts);
    // Added to 2^52, a number has its nearest whole number in its lowest bits.
    const rounded = f64x2.add(cells, rounder);
    const group = codes + (row >> 3) * groupBytes + ((row & 7) << 2);
    store<u32>(group, codeInCell(thresholds, cellStarts + (i32x4.extract_lane(rounded, 0) << 2), f64x2.extract_lane(pair, 0)));
    store<u32>(group, codeInCell(thresholds, cellStarts + (i32x4.extract_lane(rounded, 2) << 2), f64x2.extract_lane(pair, 1)), 4);
  }
}

// @ts-ignore: decorator
@inline
function codeInCell(thresholds: u32, cell: u32, value: f64): u32 {
  const start = load<u32>(cell);
  const end = load<u32>(cell, 4);
  if (end - start > 4) return countBelow(thresholds, start, end, value) << 16;
  const at = thresholds + (start << 3);
  // Thresholds past the cell are above the value and count nothing.
  const both = f64x2.splat(value);
  const first = i64x2.bitmask(f64x2.lt(v128.load(at), both));
  const second = i64x2.bitmask(f64x2.lt(v128.load(at, 16), both));
  return (start + popcnt(first | (second << 2))) << 16;
}

/** First index in [low, high] whose threshold is not below the value. */
function countBelow(thresholds: u32, low: u32, high: u32, value: f64): u32 {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f64>(thresholds + (middle << 3)) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
