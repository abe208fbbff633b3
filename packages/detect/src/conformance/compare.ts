/** Comparisons of scores and states, bit for bit or to rounding. */

import type { ModelState } from "../detector/detector.ts";
import { encodeModelFile } from "../model-file/index.ts";

/** Where two arrays first differ in any bit (0 and -0 differ, NaN equals NaN), in words; undefined when nowhere. */
export function differenceOfBits(actual: ArrayLike<number>, expected: ArrayLike<number>): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} entries instead of ${expected.length}`;
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) return `entry ${i} is ${actual[i]}, expected ${expected[i]}`;
  }
  return undefined;
}

/** Where two states first differ in any bit, in words. */
export function differenceOfStates(actual: ModelState, expected: ModelState): string | undefined {
  const [actualNames, expectedNames] = [actual, expected].map((state) => Object.keys(state.arrays).sort().join());
  if (actualNames !== expectedNames) return `arrays ${actualNames} instead of ${expectedNames}`;
  for (const [name, array] of Object.entries(expected.arrays)) {
    const difference = differenceOfBits(actual.arrays[name], array);
    if (difference !== undefined) return `array "${name}": ${difference}`;
  }
  const [actualText, expectedText] = [actual, expected].map(({ values }) => textOfValues({ values, arrays: {} }));
  return actualText === expectedText ? undefined : `values ${actualText.slice(0, 200)} instead of ${expectedText.slice(0, 200)}`;
}

/** A copy that shares no memory. */
export function copyOfState(state: ModelState): ModelState {
  const arrays = Object.fromEntries(Object.entries(state.arrays).map(([name, array]) => [name, array.slice()]));
  return { values: structuredCopy(state.values), arrays };
}

/** Largest difference in units of the spread of the expected scores (of their size where they do not spread). */
export function gapOf(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const values = Array.from(expected);
  const spread = Math.max(...values) - Math.min(...values);
  const unit = spread > 0 ? spread : Math.max(1, Math.abs(values[0] ?? 1));
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs(actual[i] - values[i]) / unit;
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return largest;
}

function structuredCopy(values: ModelState["values"]): ModelState["values"] {
  return JSON.parse(JSON.stringify(values)) as ModelState["values"];
}

/** The model file's own JSON: sorted keys, and -0 kept apart from 0. */
function textOfValues(state: ModelState): string {
  return new TextDecoder().decode(encodeModelFile({ header: state.values, arrays: {} }).subarray(16));
}
