/** Options that settle how numbers and dates of a text file are written. */

import {
  type DateOrder,
  dateOrders,
  type DecimalMark,
  NomalyError,
  type ThousandsMark,
  thousandsMarks,
  type Writing,
} from "@nomaly/detect";

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
  const message = `--thousands must be one of , . ' and space, got ${JSON.stringify(text)}`;
  throw new NomalyError("USAGE", message, { field: "thousands", expected: ", . ' or space", received: text });
}

/** @throws NomalyError USAGE for another order. */
export function parseDateOrder(text: string): DateOrder {
  const known = dateOrders.find((order) => order === text.toLowerCase());
  if (known !== undefined) return known;
  const message = `--date-order must be one of ${dateOrders.join(", ")}, got ${JSON.stringify(text)}`;
  throw new NomalyError("USAGE", message, { field: "date_order", expected: dateOrders.join(", "), received: text });
}

/** @throws NomalyError USAGE for one mark with two meanings. */
export function requireOneMark({ decimalComma, thousands }: WrittenOptions): void {
  if (decimalComma !== true || thousands !== ",") return;
  throw new NomalyError("USAGE", "--decimal-comma and --thousands , give the comma two meanings", { field: "thousands" });
}

/** The decimal mark that the options give numbers that do not tell it. */
export function decimalMarkOf({ decimalComma, thousands }: WrittenOptions): DecimalMark | undefined {
  if (decimalComma === true || thousands === ".") return ",";
  return thousands === "," ? "." : undefined;
}
