/** Reads an Arrow IPC file or stream as a relation: copies it batch by batch to a DuckDB table in the temporary folder. */

import { open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  BIGINT,
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBTimestampValue,
  TIMESTAMP,
  UBIGINT,
  VARCHAR,
} from "@duckdb/node-api";
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { DataType, type Field, type RecordBatch, RecordBatchReader } from "apache-arrow";
import { type ArrowFound, checkArrowFile } from "../arrow/arrow-check.ts";
import { distinctNames } from "../read/column-names.ts";
import type { ContentLimits } from "../read/content-limits.ts";
import { type Database, sqlText } from "./database.ts";
import { columnsOf } from "./plain-relations.ts";
import type { Relation } from "./relation.ts";

const chunkRowCountMax = 2048;
/** Cells copied in one go: this blocks the thread for a few milliseconds. */
const chunkCellCountMax = 20_000;
/** Bytes of texts copied in one go; a longer text is copied alone. */
const chunkTextBytesMax = 16 * 1024 ** 2;
/** Flushing more chunks at once would block the thread for longer than a request should wait. */
const chunksOfFlush = 8;
const millisecondsPerDay = 86_400_000;

interface ArrowColumn {
  readonly name: string;
  readonly type: DuckDBType;
  readonly sqlType: string;
  convert(value: unknown): DuckDBValue;
}

export interface ArrowSource {
  readonly path: string;
  /** Name in error messages. */
  readonly name: string;
  /** Path of the copy. */
  readonly databasePath: string;
  readonly limits: ContentLimits;
}

/** Checks the bytes before the Arrow library reads them. @throws NomalyError FILE_FORMAT, TOO_LARGE, ABORTED. */
export async function arrowRelation(database: Database, source: ArrowSource, signal: AbortSignal): Promise<Relation> {
  const { path, name, databasePath, limits } = source;
  const found = await checkArrowFile({ path, name }, limits, signal);
  if (found.columnCount === 0) throw new NomalyError("FILE_FORMAT", `${name} has no columns`, { field: name });
  // From a file handle the library reads message by message, also a file with a footer.
  const input = await open(path);
  try {
    const reader = await RecordBatchReader.from(input);
    await reader.open();
    const columns = reader.schema.fields.map((field) => arrowColumn(field, name));
    requireNames(columns, name);
    await database.run(`ATTACH ${sqlText(databasePath)} AS arrow_copy`);
    await database.run(
      `CREATE TABLE arrow_copy.records (${columns.map((column, index) => `c${index} ${column.sqlType}`).join(", ")})`,
    );
    const chunkRowCount = chunkRowCountOf(columns, found);
    const rowCount = await appendBatches(database, reader as AsyncIterable<RecordBatch>, { columns, chunkRowCount }, signal);
    const names = distinctNames(columns.map((column) => column.name));
    const copied = await columnsOf(database, "arrow_copy.records");
    return {
      sql: "arrow_copy.records",
      columns: copied.map(({ name: alias, type }, index) => ({ name: names[index], alias, type })),
      rowCount,
    };
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof NomalyError) throw error;
    const finding = error instanceof Error ? error.message : String(error);
    throw new NomalyError("FILE_FORMAT", `${name} is damaged or not an Arrow IPC file: ${finding}`, {
      field: name,
      cause: error,
    });
  } finally {
    // The library may have closed the handle.
    await input.close().catch(() => undefined);
  }
}

/** Refuses columns without a name, which no option could refer to. */
function requireNames(columns: readonly ArrowColumn[], fileName: string): void {
  const nameless = columns.find(({ name }) => name === "" || name.includes("\0"));
  if (nameless === undefined) return;
  const finding = `a column with the name ${JSON.stringify(nameless.name)}`;
  throw new NomalyError("FILE_FORMAT", `${fileName} has ${finding}; each needs one of its own`, { field: nameless.name });
}

/** Rows copied in one go: fewer if there are many columns or long texts. */
function chunkRowCountOf(columns: readonly ArrowColumn[], { longestTextBytes }: ArrowFound): number {
  const textCount = columns.filter(({ sqlType }) => sqlType === "VARCHAR").length;
  const ofCells = Math.floor(chunkCellCountMax / columns.length);
  const ofTexts = Math.floor(chunkTextBytesMax / Math.max(1, longestTextBytes * textCount));
  return Math.max(1, Math.min(chunkRowCountMax, ofCells, ofTexts));
}

async function appendBatches(
  database: Database,
  batches: AsyncIterable<RecordBatch>,
  { columns, chunkRowCount }: { readonly columns: readonly ArrowColumn[]; readonly chunkRowCount: number },
  signal: AbortSignal,
): Promise<number> {
  const appender = await database.connection.createAppender("records", "main", "arrow_copy");
  const types = columns.map((column) => column.type);
  let rowCount = 0;
  let chunkCount = 0;
  for await (const batch of batches) {
    for (let start = 0; start < batch.numRows; start += chunkRowCount) {
      throwIfAborted(signal);
      const count = Math.min(chunkRowCount, batch.numRows - start);
      const chunk = DuckDBDataChunk.create(types, count);
      for (const [index, column] of columns.entries()) {
        const vector = batch.getChildAt(index);
        const values: DuckDBValue[] = [];
        for (let row = start; row < start + count; row++) {
          const value: unknown = vector?.get(row);
          values.push(value === null || value === undefined ? null : column.convert(value));
        }
        chunk.setColumnValues(index, values);
      }
      appender.appendDataChunk(chunk);
      rowCount += count;
      if (++chunkCount % chunksOfFlush === 0) appender.flushSync();
      // Lets a server on this thread answer requests meanwhile.
      await nextTurn();
    }
    appender.flushSync();
  }
  appender.closeSync();
  return rowCount;
}

function arrowColumn(field: Field, fileName: string): ArrowColumn {
  const { type } = field;
  // The library returns null for an empty name.
  const name = (field.name as string | null) ?? "";
  const valueType: unknown = DataType.isDictionary(type) ? type.dictionary : type;
  if (DataType.isInt(valueType) && valueType.bitWidth === 64 && !valueType.isSigned) {
    return { name, type: UBIGINT, sqlType: "UBIGINT", convert: (value) => BigInt(value as number | bigint) };
  }
  if (DataType.isInt(valueType))
    return { name, type: BIGINT, sqlType: "BIGINT", convert: (value) => BigInt(value as number | bigint) };
  if (DataType.isFloat(valueType)) return { name, type: DOUBLE, sqlType: "DOUBLE", convert: Number };
  if (DataType.isBool(valueType)) return { name, type: BOOLEAN, sqlType: "BOOLEAN", convert: Boolean };
  if (DataType.isUtf8(valueType) || DataType.isLargeUtf8(valueType))
    return { name, type: VARCHAR, sqlType: "VARCHAR", convert: String };
  if (DataType.isDate(valueType)) {
    const convert = (value: unknown) => new DuckDBDateValue(Math.floor(Number(value) / millisecondsPerDay));
    return { name, type: DATE, sqlType: "DATE", convert };
  }
  if (DataType.isTimestamp(valueType)) {
    // The library converts every unit to milliseconds.
    const convert = (value: unknown) => new DuckDBTimestampValue(BigInt(Math.round(Number(value) * 1000)));
    return { name, type: TIMESTAMP, sqlType: "TIMESTAMP", convert };
  }
  if (DataType.isDecimal(valueType)) {
    const scale = 10 ** valueType.scale;
    return { name, type: DOUBLE, sqlType: "DOUBLE", convert: (value) => Number(String(value)) / scale };
  }
  throw new NomalyError("FILE_FORMAT", `${fileName}: column "${name}" has the Arrow type ${String(type)}, which is not read`, {
    field: name,
    received: String(type),
  });
}
