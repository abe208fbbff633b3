/** How cells read as texts and texts as numbers: one rule for learning and for scoring. */

import type { Column } from "./table.ts";

/** Blank texts count as missing, as empty ones do. */
export function isMissingText(text: string | null): boolean {
  return text === null || text.trim() === "";
}

/** The category a text stands for; "" is missing. */
export function categoryOf(text: string | null): string {
  return text === null || text.trim() === "" ? "" : text;
}

const plainNumber = /^[+-]?(?:0|[1-9]\d*)?(?:\.\d*)?(?:e[+-]?\d+)?$/i;

/**
 * The number that a text is, or undefined: decimal, with an exponent or not. Texts like 007 or 0x10 are codes, not numbers.
 * @param text not missing.
 */
export function numberOfText(text: string): number | undefined {
  const trimmed = text.trim();
  if (!plainNumber.test(trimmed) || !/\d/.test(trimmed)) return undefined;
  return Number(trimmed);
}

/** A column's cells as categories: numbers by their digits, dates in ISO form. */
export function textsOf(column: Column): readonly (string | null)[] {
  switch (column.kind) {
    case "text":
      return column.values;
    case "boolean":
      return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value === 1 ? "true" : "false"));
    case "date":
      return Array.from(column.values, (value) => (Number.isNaN(value) ? null : new Date(value).toISOString()));
    case "number":
      return Array.from(column.values, (value) => (Number.isNaN(value) ? null : String(value)));
  }
}

/** The column as numbers when every text in it that is not missing is one, else undefined. */
export function numbersOfTexts(values: readonly (string | null)[]): Float64Array | undefined {
  const numbers = new Float64Array(values.length).fill(Number.NaN);
  let presentCount = 0;
  for (const [row, text] of values.entries()) {
    if (text === null || isMissingText(text)) continue;
    const number = numberOfText(text);
    if (number === undefined) return undefined;
    numbers[row] = number;
    presentCount++;
  }
  return presentCount === 0 ? undefined : numbers;
}
