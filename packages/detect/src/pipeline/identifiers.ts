/** Recognises columns that name rows instead of describing them. */

import type { Column } from "./table.ts";

/** With fewer rows than this, distinct values prove nothing. */
const identifierRowCountMin = 20;
/** With at least this share of different values, a text column holds names or free text, not categories. */
const distinctTextShareMin = 0.5;

/** Why the column should be left out, or undefined. `distinctTextCount` is given for columns of text. */
export function identifierReason(column: Column, distinctTextCount: number | undefined): string | undefined {
  const rowCount = column.values.length;
  if (rowCount < identifierRowCountMin) return undefined;
  if (column.kind === "text") {
    if (distinctTextCount === undefined || distinctTextCount < rowCount * distinctTextShareMin) return undefined;
    return distinctTextCount === rowCount ? "every value is a different text" : "most of its values are different texts";
  }
  if (column.kind === "boolean") return undefined;
  if (isEvenlyRunning(column.values)) return "its values change by equal steps from row to row";
  if (column.kind === "date") return isMonotone(column.values) ? "its dates only rise or only fall from row to row" : undefined;
  if (isPermutationOfRun(column.values)) return "it numbers the rows";
  if (/(^|[_\s-])(id|uuid|key)$/i.test(column.name) && areDistinctIntegers(column.values)) {
    return "its name says identifier, and every value is a different whole number";
  }
  return undefined;
}

function isEvenlyRunning(values: Float64Array): boolean {
  const step = values[1] - values[0];
  if (!(Math.abs(step) > 0)) return false;
  for (let i = 2; i < values.length; i++) if (values[i] - values[i - 1] !== step) return false;
  return true;
}

function isMonotone(values: Float64Array): boolean {
  const rising = values[1] > values[0];
  for (let i = 1; i < values.length; i++) {
    if (!(rising ? values[i] > values[i - 1] : values[i] < values[i - 1])) return false;
  }
  return true;
}

/** Whether the values are consecutive whole numbers, each once, in any order. */
function isPermutationOfRun(values: Float64Array): boolean {
  let min = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isSafeInteger(values[i])) return false;
    if (values[i] < min) min = values[i];
  }
  const seen = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const at = values[i] - min;
    if (at >= values.length || seen[at] === 1) return false;
    seen[at] = 1;
  }
  return true;
}

function areDistinctIntegers(values: Float64Array): boolean {
  if (!values.every(Number.isInteger)) return false;
  const sorted = values.slice().sort();
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return false;
  return true;
}
