/**
 * Bounds the fields of the first lines of a CSV file before DuckDB's sniffer reads them: the sniffer accepts a header of a million columns,
 * and takes quadratic time for a line of many fields.
 */

import { open } from "node:fs/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import type { CsvBeginning } from "./csv-beginning.ts";

export interface CsvToCheck {
  readonly path: string;
  /** Name in error messages. */
  readonly name: string;
  readonly delimiter: string;
  /** Lines before the table, and their bytes. */
  readonly beginning: Pick<CsvBeginning, "lineCount" | "sizeBytes">;
}

export interface CsvCheckLimits {
  readonly columnCountMax: number;
  /** Records to check. */
  readonly recordCountMax: number;
  /** Records with fewer fields are counted. */
  readonly fieldCountMin?: number;
}

export interface CsvCheck {
  readonly shortRecordCount: number;
}

/** DuckDB's own limit for a line. */
export const csvLineBytesMax = 2_000_000;
const chunkBytes = 256 * 1024;
const [quote, lineFeed, carriageReturn] = Buffer.from('"\n\r');

/** @throws NomalyError TOO_LARGE for fields, FILE_FORMAT for a line that is too long; ABORTED. */
export async function checkCsvRecords(file: CsvToCheck, limits: CsvCheckLimits, signal: AbortSignal): Promise<CsvCheck> {
  const opened = await open(file.path);
  try {
    const records = createRecordScan(file, limits);
    const chunk = Buffer.alloc(chunkBytes);
    for (let position = file.beginning.sizeBytes; ;) {
      throwIfAborted(signal);
      const { bytesRead } = await opened.read(chunk, 0, chunkBytes, position);
      position += bytesRead;
      if (bytesRead === 0 || records.feed(chunk.subarray(0, bytesRead)) === "seen enough") return records.end();
    }
  } finally {
    await opened.close();
  }
}

interface RecordScan {
  feed(bytes: Uint8Array): "go on" | "seen enough";
  end(): CsvCheck;
}

function createRecordScan(
  { name, delimiter, beginning }: CsvToCheck,
  { columnCountMax, recordCountMax, fieldCountMin = 0 }: CsvCheckLimits,
): RecordScan {
  const cut = Buffer.from(delimiter);
  let recordCount = 0;
  let shortRecordCount = 0;
  let lineNumber = beginning.lineCount + 1;
  /** Line on which the record begins. */
  let recordLine = lineNumber;
  let fieldCount = 1;
  let recordBytes = 0;
  let inQuotes = false;
  /** True if a quote at this place opens a quoted part: at the start of a field, or after a closing quote. */
  let mayOpen = true;
  /** Number of the delimiter's bytes that the last bytes match. */
  let cutBytes = 0;

  function endOfField(): void {
    mayOpen = true;
    cutBytes = 0;
    if (++fieldCount > columnCountMax) throw tooManyFields();
  }

  function endOfRecord(): void {
    // Empty lines do not count.
    if (recordBytes > 1) {
      recordCount++;
      if (fieldCount < fieldCountMin) shortRecordCount++;
    }
    [fieldCount, recordBytes, cutBytes, recordLine] = [1, 0, 0, lineNumber];
    mayOpen = true;
  }

  function feed(bytes: Uint8Array): "go on" | "seen enough" {
    for (let at = 0; at < bytes.length; at++) {
      const sign = bytes[at];
      if (++recordBytes > csvLineBytesMax) throw tooLong();
      if (sign === lineFeed) lineNumber++;
      if (inQuotes) {
        if (sign !== quote) continue;
        inQuotes = false;
        mayOpen = true;
      } else if (sign === lineFeed || sign === carriageReturn) {
        endOfRecord();
        if (recordCount >= recordCountMax) return "seen enough";
      } else if (sign === cut[cutBytes]) {
        if (++cutBytes === cut.length) endOfField();
      } else {
        cutBytes = sign === cut[0] ? 1 : 0;
        inQuotes = sign === quote && mayOpen;
        mayOpen = false;
      }
    }
    return "go on";
  }

  function tooManyFields(): NomalyError {
    const message = `${name} line ${recordLine} has more than ${columnCountMax} fields, at most ${columnCountMax} columns are taken`;
    return new NomalyError("TOO_LARGE", message, {
      field: name,
      expected: `at most ${columnCountMax} columns`,
      received: `more than ${columnCountMax}`,
    });
  }

  function tooLong(): NomalyError {
    const message = `${name} line ${recordLine}: the line is longer than ${csvLineBytesMax} bytes; is a quote not closed?`;
    return new NomalyError("FILE_FORMAT", message, { field: name, expected: `at most ${csvLineBytesMax} bytes` });
  }

  function end(): CsvCheck {
    // A last line may lack its end.
    if (recordBytes > 0) {
      recordBytes++;
      endOfRecord();
    }
    return { shortRecordCount };
  }

  return { feed, end };
}
