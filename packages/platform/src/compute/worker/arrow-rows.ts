/** Reads the rows of an Arrow IPC stream or file in memory, and writes predictions as an Arrow IPC stream. */

import { type Column, NomalyError } from "@nomaly/detect";
import {
  Bool,
  DataType,
  Float64,
  makeData,
  RecordBatch,
  tableFromIPC,
  tableToIPC,
  Table,
  Type,
  vectorFromArray,
} from "apache-arrow";
import type { Vector } from "apache-arrow";
import { checkArrowBody } from "../../files/arrow/arrow-check.ts";
import { decimalNumber, microsecondsOf } from "../../files/arrow/arrow-values.ts";
import type { RowLimits } from "../rows/parse-rows.ts";
import { type RowsGiven, tableGiven } from "../rows/rows-given.ts";
import type { PredictedRows } from "../work.ts";

/** Limit for the texts of a body. A text in a dictionary counts once for each row that refers to it. */
const expandedTextBytesMax = 256 * 1024 ** 2;

/** @param bytes are not compressed. @throws NomalyError REQUEST for bytes that are no Arrow stream, COLUMN for a type without use, TOO_LARGE. */
export function arrowRows(bytes: Uint8Array, limits: RowLimits): RowsGiven {
  // The Arrow library trusts lengths and offsets in the bytes, so they are checked before it sees them.
  const { rowCount, columnCount, unread } = checkArrowBody(bytes, { ...limits, expandedTextBytesMax });
  if (rowCount === 0 || columnCount === 0) {
    throw new NomalyError("REQUEST", "the body has no rows", { field: "body", expected: "rows", received: "none" });
  }
  if (unread !== undefined) throw unusable(unread.name, unread.type);
  try {
    const table = tableFromIPC(bytes);
    const columns = table.schema.fields.map(({ name }, index) => columnOf(name, table.getChildAt(index) as Vector, rowCount));
    return tableGiven(columns, rowCount, bytes.length);
  } catch (cause) {
    if (cause instanceof NomalyError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NomalyError("REQUEST", `the body cannot be read as Arrow: ${reason}`, { field: "body", cause });
  }
}

function columnOf(name: string, vector: Vector, rowCount: number): Column {
  const own = vector.type as DataType;
  const type = DataType.isDictionary(own) ? (own.dictionary as DataType) : own;
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) {
    return { kind: "text", name, values: Array.from({ length: rowCount }, (_, row) => textOf(vector.get(row))) };
  }
  const kind = DataType.isBool(type) ? "boolean" : isDate(type) ? "date" : "number";
  const toNumber = kind === "number" ? numberOf(type) : Number;
  if (toNumber === undefined) throw unusable(name, Type[type.typeId]);
  const values = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const cell: unknown = vector.get(row);
    values[row] = cell === null || cell === undefined ? Number.NaN : toNumber(cell);
  }
  return { kind, name, values };
}

function unusable(name: string, received: string): NomalyError {
  const expected = "numbers, booleans, dates or texts";
  const message = `column "${name}" has the Arrow type ${received}; ${expected} can be used`;
  return new NomalyError("COLUMN", message, { field: name, expected, received });
}

const microsecondsPerSecond = 1e6;

/** Times and durations become seconds, as in files. @returns undefined for a type without numbers. */
function numberOf(type: DataType): ((cell: unknown) => number) | undefined {
  if (DataType.isInt(type) || DataType.isFloat(type) || DataType.isNull(type)) return Number;
  if (DataType.isDecimal(type)) return (cell) => decimalNumber(cell, type);
  if (!DataType.isTime(type) && !DataType.isDuration(type)) return undefined;
  return (cell) => Number(microsecondsOf(cell, type.unit)) / microsecondsPerSecond;
}

function isDate(type: DataType): boolean {
  return DataType.isDate(type) || DataType.isTimestamp(type);
}

function textOf(cell: unknown): string | null {
  return typeof cell === "string" ? cell : null;
}

/** Columns anomaly_score, is_anomaly and rank. */
export function arrowPredictions({ scores, labels, ranks }: PredictedRows): Uint8Array {
  const flags = vectorFromArray(
    Array.from(labels, (label) => label === 1),
    new Bool(),
  );
  const columns = {
    anomaly_score: makeData({ type: new Float64(), length: scores.length, data: scores }),
    is_anomaly: flags.data[0],
    rank: makeData({ type: new Float64(), length: ranks.length, data: ranks }),
  };
  return tableToIPC(new Table(new RecordBatch(columns)), "stream");
}
