/** How improbable a standard normal value is, in powers of ten. */

/** Less than this is as good as impossible. */
const probabilityMin = 1e-300;
/** From here on the leading term of the tail's expansion stands for it. */
const farDeviation = 5;
/** From here on erfc comes from its continued fraction: the series would lose digits to 1 - erf. */
const fractionMin = 2;
/** Steps of the fraction: at 2 the rest is below 1e-15. */
const fractionStepCount = 40;
const seriesTermMax = 60;

/**
 * -log10 of the probability that a standard normal value exceeds `deviation`.
 * From 5 on by the leading term of the expansion, 0.016 larger there than the exact value.
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 (series), 7.1.14 (fraction), 7.1.23 (expansion).
 */
export function normalTail(deviation: number): number {
  if (deviation >= farDeviation) {
    return (deviation * deviation * 0.5 + Math.log(deviation * Math.sqrt(2 * Math.PI))) / Math.LN10;
  }
  return -Math.log10(Math.max(erfc(deviation * Math.SQRT1_2) / 2, probabilityMin));
}

/** 1 - erf, to 1e-13 of itself below 4. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  return x < fractionMin ? 1 - erfBySeries(x) : erfcByFraction(x);
}

/** 2 / sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!: no term is negative. */
function erfBySeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < seriesTermMax && term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + (2/2) / (x + (3/2) / (x + ...)))). */
function erfcByFraction(x: number): number {
  let rest = x;
  for (let n = fractionStepCount; n >= 1; n--) rest = x + n / 2 / rest;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / rest;
}
