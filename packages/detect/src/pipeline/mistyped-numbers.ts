/** Finds columns of numbers with a mistyped one among them: a mistake more often than a category. */

import { NomalyError, rowAtFault } from "../errors.ts";
import type { TextColumn } from "./table.ts";
import { isMissingText, numberOfText } from "./texts.ts";

/** Share of texts that read as numbers above which the others are taken for mistakes. */
const numericTextShareMin = 0.9;
/** Few different numbers with many rows each are codes, such as the cylinders 3, 4, 6 beside "rotary", not measurements. */
const codeCountMax = 20;
const rowsOfCodeMin = 5;

/** @throws NomalyError COLUMN where nearly all texts are numbers, and too many different ones for a column of categories. */
export function refuseMistypedNumbers(column: TextColumn): void {
  let presentCount = 0;
  let numberCount = 0;
  let firstOther = -1;
  const codes = new Set<number>();
  for (const [row, value] of column.values.entries()) {
    if (value === null || isMissingText(value)) continue;
    presentCount++;
    const number = numberOfText(value);
    if (number === undefined) {
      firstOther = firstOther < 0 ? row : firstOther;
      continue;
    }
    numberCount++;
    if (codes.size <= codeCountMax) codes.add(number);
  }
  if (firstOther < 0 || numberCount < presentCount * numericTextShareMin) return;
  if (codes.size <= codeCountMax && codes.size * rowsOfCodeMin <= numberCount) return;
  const received = `"${String(column.values[firstOther]).slice(0, 60)}"`;
  const share = `${numberCount} of ${presentCount}`;
  const holds = `column "${column.name}" holds numbers in ${share} rows, but ${received} in `;
  const message = [holds, rowAtFault, "; mend it, exclude the column, or declare it categorical"];
  throw new NomalyError("COLUMN", message, { field: column.name, expected: "a number", received, rowIndex: firstOther });
}
