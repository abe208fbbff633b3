/** exp of many numbers that are not above 0: faster than Math.exp, and the same bits on every engine's arithmetic. */

/** Table entries an octave. */
const partCount = 256;
const partBits = 8;
const perPart = partCount / Math.LN2;
/** ln 2 as the sum of the nearest float64 and what is missing from it. */
const ln2Missing = 2.3190468138462996e-17;
/** ln(2)/256 in two parts, the first short enough that its product with a part number is exact. */
const stepHigh = Math.round((Math.LN2 / partCount) * 2 ** 42) / 2 ** 42;
const stepLow = Math.LN2 / partCount - stepHigh + ln2Missing / partCount;
/** Below this the answer is smaller than any normal number, and counts as 0. */
const argumentMin = -708;
const octaveCount = 1023;
const parts = Float64Array.from({ length: partCount }, (_, part) => 2 ** (part / partCount));
const octaves = Float64Array.from({ length: octaveCount }, (_, octave) => 2 ** -octave);

/**
 * `values[i]` = exp(factor * values[i]), with factor * values[i] <= 0; NaN stays NaN. Within 2 units in the last place.
 * exp(x) = 2^-octave * 2^(part/256) * exp(r), |r| <= ln(2)/512, the last by Taylor's series to degree 4.
 */
export function exponentialsInto(factor: number, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const x = factor * values[i];
    if (!(x >= argumentMin)) {
      values[i] = x < argumentMin ? 0 : Number.NaN;
      continue;
    }
    const count = (x * perPart - 0.5) | 0;
    const r = x - count * stepHigh - count * stepLow;
    const tail = r + r * r * (0.5 + r * (1 / 6 + r * (1 / 24)));
    const part = parts[count & (partCount - 1)];
    values[i] = (part + part * tail) * octaves[0 - (count >> partBits)];
  }
}
