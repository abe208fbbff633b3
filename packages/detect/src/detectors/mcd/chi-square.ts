/** Quantiles of the chi-square distribution. */

/** Terms of a series or fraction: at 10,000 degrees of freedom a few hundred are needed. */
const termCountMax = 20_000;
const bisectionCount = 200;

/** The value that a chi-square variable of `degrees` degrees of freedom stays below with the given probability. */
export function chiSquareQuantile(probability: number, degrees: number): number {
  let low = 0;
  let high = degrees + 10;
  while (lowerGammaShare(degrees / 2, high / 2) < probability) high *= 2;
  for (let i = 0; i < bisectionCount && high - low > Number.EPSILON * high; i++) {
    const middle = (low + high) / 2;
    if (lowerGammaShare(degrees / 2, middle / 2) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised incomplete gamma function P(a, x): Abramowitz and Stegun 6.5.29 below the mean, 6.5.31 above. */
function lowerGammaShare(a: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? front * series(a, x) : 1 - front * fraction(a, x);
}

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let i = 1; i < termCountMax && term > sum * Number.EPSILON; i++) {
    term *= x / (a + i);
    sum += term;
  }
  return sum;
}

/** The continued fraction of the upper function, by Lentz's method. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let value = d;
  for (let i = 1; i < termCountMax; i++) {
    const numerator = i * (a - i);
    b += 2;
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    const change = c * d;
    value *= change;
    if (Math.abs(change - 1) < Number.EPSILON) break;
  }
  return value;
}

/** Stirling's series (Abramowitz and Stegun 6.1.40) after raising the argument above 10, where it has 15 digits. */
function logGamma(argument: number): number {
  let x = argument;
  let raised = 0;
  for (; x < 10; x++) raised += Math.log(x);
  const square = x * x;
  const tail = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + tail - raised;
}
