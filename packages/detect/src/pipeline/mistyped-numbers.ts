/** Finds columns of numbers with a mistyped one among them: a mistake more often than a category. */

import { NomalyError, rowAtFault } from "../errors.ts";
import type { TextColumn } from "./table.ts";
import { isMissingText, numberOfText } from "./texts.ts";

/** Share of texts that read as numbers above which the others are taken for mistakes. */
const numericTextShareMin = 0.9;
/** Whole numbers, and codes made of them, such as 207a, c168, 12-B and 98115-4820. A letter that may be a mistyped 0 or 1 makes none. */
const wholeText = /^\d+$/;
const codeText = /^(?!.*[OoIl])(?:\p{L}{1,2}\d+|\d+\p{L}|\d+[-/_](?:\d+|\p{L}))$/u;
/** One such text in a column may be a slip. */
const codeRowsMin = 2;
/** Few different numbers with many rows each are codes, such as the cylinders 3, 4, 6 beside "rotary", not measurements. */
const codeCountMax = 20;
const rowsOfCodeMin = 5;

/** @throws NomalyError COLUMN where nearly all texts are numbers, and too many different ones for a column of categories. */
export function refuseMistypedNumbers(column: TextColumn): void {
  let presentCount = 0;
  let numberCount = 0;
  let firstOther = -1;
  let otherCount = 0;
  let areIdentifiers = true;
  const codes = new Set<number>();
  for (const [row, value] of column.values.entries()) {
    if (value === null || isMissingText(value)) continue;
    presentCount++;
    const number = numberOfText(value);
    areIdentifiers &&= (number === undefined ? codeText : wholeText).test(value.trim());
    if (number === undefined) {
      otherCount++;
      firstOther = firstOther < 0 ? row : firstOther;
      continue;
    }
    numberCount++;
    if (codes.size <= codeCountMax) codes.add(number);
  }
  if (firstOther < 0 || numberCount < presentCount * numericTextShareMin) return;
  if (areIdentifiers && otherCount >= codeRowsMin) return;
  if (codes.size <= codeCountMax && codes.size * rowsOfCodeMin <= numberCount) return;
  const received = `"${String(column.values[firstOther]).slice(0, 60)}"`;
  const share = `${numberCount} of ${presentCount}`;
  const holds = `column "${column.name}" holds numbers in ${share} rows, but ${received} in `;
  const message = [holds, rowAtFault, "; mend it, exclude the column, or declare it categorical"];
  throw new NomalyError("COLUMN", message, { field: column.name, expected: "a number", received, rowIndex: firstOther });
}
