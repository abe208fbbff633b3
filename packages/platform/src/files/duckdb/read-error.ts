/** Turns DuckDB's errors about a file into coded errors with file, line and column. */

import { type MessagePart, NomalyError } from "@nomaly/detect";
import type { RowSelection } from "../write/row-sink.ts";
import { databaseMessage } from "./database.ts";

/** Letters of a file's content that a message shows. */
const excerptLengthMax = 40;

/** DuckDB reports errors of a file only as text, which this function parses. A message that it does not recognise is passed on. */
export function readError(error: unknown, fileName: string, signal: AbortSignal, memoryMib?: number): NomalyError {
  if (error instanceof NomalyError) return error;
  if (signal.aborted) return new NomalyError("ABORTED", "the work was stopped by its caller", { cause: error });
  const text = error instanceof Error ? error.message : String(error);
  const line = /CSV Error on Line: (\d+)/.exec(text)?.[1];
  if (line !== undefined) {
    const message: MessagePart[] = [`${fileName} line ${line}: ${csvFinding(text)}`, ...csvRemedy(text)];
    return new NomalyError("FILE_FORMAT", message, { field: fileName, cause: error });
  }
  if (isOutOfMemory(error)) {
    const given = memoryMib === undefined ? "there is" : `the ${memoryMib} MiB that there are`;
    const advice = memoryMib === undefined ? "" : ": give a file of fewer columns or shorter texts, or raise memory_limit_bytes";
    const message = `${fileName} takes more memory to read than ${given} for reading files${advice}`;
    return new NomalyError("TOO_LARGE", message, { field: fileName, cause: error });
  }
  if (text.startsWith("IO Error")) {
    return new NomalyError("FILE_READ", `${fileName} cannot be read: ${withoutPath(databaseMessage(error))}`, {
      field: fileName,
      cause: error,
    });
  }
  const message = `${fileName} is damaged or not of the format expected: ${withoutPath(databaseMessage(error))}`;
  return new NomalyError("FILE_FORMAT", message, { field: fileName, cause: error });
}

/** DuckDB has reached its memory limit. */
export function isOutOfMemory(error: unknown): boolean {
  // "Failed to query" is DuckDB's message when it lacks the memory for a longer one.
  return error instanceof Error && /^Out of Memory Error|bad_alloc|^Failed to query$/.test(error.message);
}

function csvFinding(text: string): string {
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(text);
  if (counts !== null)
    return `${counts[1]} value${counts[1] === "1" ? "" : "s"} expected, as in the first line, but ${counts[2]} came`;
  const cast = castOf(text);
  if (cast !== null) return `column "${cast[1]}" holds "${excerpt(cast[2])}" where ${nameOfType(cast[3])} is expected`;
  if (/unicode|utf-8/i.test(text)) return "the bytes are not valid UTF-8";
  const size = /Maximum line size of (\d+) bytes exceeded/.exec(text);
  if (size !== null) return `the line is longer than ${size[1]} bytes; is a quote not closed?`;
  if (/unterminated quote/i.test(text)) return "a quote is opened and never closed";
  if (/quote/i.test(text)) return "a quote stands where none may stand; quotes inside a quoted value are doubled";
  const finding = text
    .split("\n")
    .find((line) => line !== "" && !/^(Invalid Input Error|CSV Error|Original Line|Conversion Error)/.test(line));
  return excerpt(finding ?? "it does not follow the CSV format");
}

function castOf(text: string): RegExpExecArray | null {
  return /Error when converting column "(.*)"\. Could not convert string "(.*)" to '(\w+)'/s.exec(text);
}

/** The option that lets such a file be read. */
function csvRemedy(text: string): MessagePart[] {
  const option = (name: string): MessagePart => ({ kind: "option", name, values: [] });
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(text);
  if (counts !== null) {
    return Number(counts[2]) < Number(counts[1])
      ? ["; ", option("fill_short_rows"), " fills short lines with missing values"]
      : [];
  }
  const cast = castOf(text);
  if (cast !== null && /^[-+]?\d[\d.,' ]*$/.test(cast[2])) {
    return [
      "; ",
      { kind: "option", name: "thousands", values: [","] },
      " or ",
      option("decimal_comma"),
      " lets all rows tell how numbers are written",
    ];
  }
  return /unicode|utf-8/i.test(text) ? ["; convert the file to UTF-8, or name its encoding with ", option("encoding")] : [];
}

function nameOfType(type: string): string {
  if (type === "DOUBLE" || type === "BIGINT") return "a number";
  if (type === "BOOLEAN") return "true or false";
  return type.startsWith("TIMESTAMP") || type === "DATE" || type === "TIME" ? `a ${type.toLowerCase()}` : type;
}

function excerpt(text: string): string {
  return text.length > excerptLengthMax ? `${text.slice(0, excerptLengthMax)}...` : text;
}

/** Removes the path from DuckDB's message, as it may be that of a temporary copy. */
function withoutPath(message: string): string {
  return message.replace(/ ?(in |of |at end of )?(file )?["'][^"']*["']/i, "").replace(/, at/, " at");
}

/** Tells of memory that ran out while the rows of a result were sorted, which takes more than reading them. */
export function sortError(error: NomalyError, { onlyAnomalies }: RowSelection): NomalyError {
  if (error.code !== "TOO_LARGE") return error;
  const fewer = onlyAnomalies ? "" : "sort only the anomalies, ";
  const message = `the result takes more memory to sort than a worker has: ${fewer}leave out sort, or raise memory_limit_bytes`;
  return error.retold({ message, field: "sort" });
}
