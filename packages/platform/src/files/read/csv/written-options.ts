/** Options that settle how numbers and dates of a text file are written. */

import { type DateOrder, dateOrders, type DecimalMark, type ThousandsMark, thousandsMarks, type Writing } from "@nomaly/detect";
import { wrongValue } from "../wrong-value.ts";

/** How one column is known to be written, from a model or because it is declared a category. */
export interface KnownWriting {
  readonly name: string;
  readonly writing: Writing | "text";
}

export interface WrittenOptions {
  /** Numbers whose marks could mean both have a decimal comma. */
  readonly decimalComma?: boolean;
  /** The mark of thousands in numbers whose marks could mean both. */
  readonly thousands?: ThousandsMark;
  /** The order of dates that do not tell it. */
  readonly dateOrder?: DateOrder;
  readonly knownWritings?: readonly KnownWriting[];
}

/** @throws NomalyError USAGE for another mark. */
export function parseThousands(text: string): ThousandsMark {
  const mark = text === "space" ? " " : text === "apostrophe" ? "'" : text;
  const known = thousandsMarks.find((candidate) => candidate === mark);
  if (known !== undefined) return known;
  throw wrongValue("thousands", "one of , . space and apostrophe", text);
}

/** @throws NomalyError USAGE for another order. */
export function parseDateOrder(text: string): DateOrder {
  const known = dateOrders.find((order) => order === text.toLowerCase());
  if (known !== undefined) return known;
  throw wrongValue("date_order", `one of ${dateOrders.join(", ")}`, text);
}

/** The decimal mark that the options give numbers that do not tell it. */
export function decimalMarkOf({ decimalComma, thousands }: WrittenOptions): DecimalMark | undefined {
  if (decimalComma === true || thousands === ".") return ",";
  return thousands === "," ? "." : undefined;
}
