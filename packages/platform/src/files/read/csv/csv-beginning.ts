/** Finds the first line of a CSV file's table: after skipped lines, Excel's `sep=;`, and empty lines. */

import { NomalyError } from "@nomaly/detect";

export interface CsvBeginning {
  /** Lines before the table. */
  readonly lineCount: number;
  /** Bytes of those lines. */
  readonly sizeBytes: number;
  /** The delimiter that a line `sep=;` gives. */
  readonly delimiter: string | undefined;
}

export const skipRowsMax = 10_000;

const newLine = 10;
const separatorLine = /^sep=(.)\r?\n$/i;
const emptyLine = /^\r?\n$/;

/**
 * @param head the file's first bytes.
 * @throws NomalyError FILE_FORMAT where fewer lines are there than are to be skipped.
 */
export function csvBeginning(name: string, head: Buffer, skipRows: number): CsvBeginning {
  let sizeBytes = 0;
  for (let lineCount = 0; lineCount < skipRows; lineCount++) {
    const length = nextLine(head, sizeBytes).length;
    if (length === 0) throw tooFewLines(name, head, { skipRows, lineCount });
    sizeBytes += length;
  }
  const line = nextLine(head, sizeBytes);
  const delimiter = separatorLine.exec(line)?.[1];
  if (delimiter === undefined) return { lineCount: skipRows, sizeBytes, delimiter };
  return { lineCount: skipRows + 1, sizeBytes: sizeBytes + line.length, delimiter };
}

/** Empty lines follow that are no rows of a table of several columns. */
export function afterEmptyLines(head: Buffer, { lineCount, sizeBytes, delimiter }: CsvBeginning): CsvBeginning {
  let [lines, bytes] = [lineCount, sizeBytes];
  for (let line = nextLine(head, bytes); emptyLine.test(line); line = nextLine(head, bytes)) {
    lines++;
    bytes += line.length;
  }
  return { lineCount: lines, sizeBytes: bytes, delimiter };
}

/** The line with its end, in letters of one byte; empty where no line ends. */
function nextLine(head: Buffer, start: number): string {
  const end = head.indexOf(newLine, start);
  return end < 0 ? "" : head.toString("latin1", start, end + 1);
}

function tooFewLines(
  name: string,
  head: Buffer,
  { skipRows, lineCount }: { readonly skipRows: number; readonly lineCount: number },
): NomalyError {
  const message = `${name} has ${lineCount} whole lines in its first ${head.length} bytes, fewer than the ${skipRows} that are to be skipped`;
  return new NomalyError("FILE_FORMAT", message, {
    field: "skip_rows",
    expected: `more than ${skipRows} lines`,
    received: String(lineCount),
  });
}
