/** An autoregression that learns row by row: recursive least squares with forgetting, and its expected squared error. */

export const lagCount = 8;
/** The lags, and a constant. */
export const inputCount = lagCount + 1;
/** Share of its weight that a row keeps with each later one. */
const forgetting = 0.999;
/** Inputs are cut off so many standard deviations from the mean; the value that is predicted is not. */
const inputMax = 10;
/** An error teaches as if it were no larger. */
const errorMax = 5;
/** Share of the squared error's average that one row replaces. */
const errorWeight = 0.01;
/** The uncertainty of the coefficients before any row. */
const firstUncertainty = 100;
/** What forgetting adds to the uncertainty where nothing varies must not grow without end. */
const traceMax = 1e6;
/** No entry of the covariance is larger: rounding may add a little to the trace. */
export const covarianceMax = 2 * traceMax;
/** The average of squares that are cut off lies below. */
export const squaredErrorMax = errorMax * errorMax;

/** What changes: the coefficients, their covariance row by row, and the average squared error in one entry. */
export interface Autoregression {
  readonly coefficients: Float64Array;
  readonly covariance: Float64Array;
  readonly squaredError: Float64Array;
}

/** One prediction: its inputs, and how far it was off. */
export interface Prediction {
  readonly inputs: Float64Array;
  error: number;
}

/** Predicts the last value until it has learned better. */
export function newAutoregression(): Autoregression {
  const coefficients = new Float64Array(inputCount);
  coefficients[0] = 1;
  const covariance = new Float64Array(inputCount * inputCount);
  startCovariance(covariance);
  return { coefficients, covariance, squaredError: Float64Array.of(1) };
}

function startCovariance(covariance: Float64Array): void {
  covariance.fill(0);
  for (let at = 0; at < covariance.length; at += inputCount + 1) covariance[at] = firstUncertainty;
}

/** Predicts `value` from the values before it (the latest one last), all in deviations from `mean`; writes to `prediction`. */
export function predict(
  { coefficients }: Autoregression,
  earlier: Float64Array,
  value: number,
  { mean, spread }: { readonly mean: number; readonly spread: number },
  prediction: Prediction,
): void {
  const { inputs } = prediction;
  let predicted = 0;
  for (let lag = 0; lag < lagCount; lag++) {
    inputs[lag] = clipped((earlier[earlier.length - 1 - lag] - mean) / spread, inputMax);
    predicted += coefficients[lag] * inputs[lag];
  }
  inputs[lagCount] = 1;
  predicted += coefficients[lagCount];
  prediction.error = (value - mean) / spread - predicted;
}

/** The error in units of what is usual. */
export function surpriseOf({ squaredError }: Autoregression, error: number): number {
  return Math.abs(error) / Math.sqrt(squaredError[0] + 1e-6);
}

/**
 * One step of recursive least squares: k = P u / (f + u'P u), w += k e, P = (P - k u'P) / f.
 * A covariance that rounding has made negative along the inputs starts anew, since its steps would lead away from the solution.
 */
export function learnPrediction(model: Autoregression, { inputs, error }: Prediction, gains: Float64Array): void {
  const { coefficients, covariance, squaredError } = model;
  let scale = forgetting;
  for (let row = 0; row < inputCount; row++) {
    let sum = 0;
    for (let column = 0; column < inputCount; column++) sum += covariance[row * inputCount + column] * inputs[column];
    gains[row] = sum;
    scale += inputs[row] * sum;
  }
  const taught = clipped(error, errorMax);
  squaredError[0] += errorWeight * (taught * taught - squaredError[0]);
  if (!(scale >= forgetting)) {
    startCovariance(covariance);
    return;
  }
  let trace = 0;
  for (let row = 0; row < inputCount; row++) {
    coefficients[row] += (gains[row] / scale) * taught;
    for (let column = 0; column < inputCount; column++) {
      const at = row * inputCount + column;
      // The product comes first, so that the covariance stays symmetric to the bit: without, rounding grows from row to row.
      covariance[at] = (covariance[at] - (gains[row] * gains[column]) / scale) / forgetting;
    }
    trace += covariance[row * inputCount + row];
  }
  if (trace > traceMax) for (let at = 0; at < covariance.length; at++) covariance[at] *= traceMax / trace;
}

function clipped(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
