/** Reads an Arrow IPC file or stream as a relation: copies it batch by batch to a DuckDB table in the temporary folder. */

import { open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { BLOB, DuckDBDataChunk, VARCHAR } from "@duckdb/node-api";
import type { DuckDBValue } from "@duckdb/node-api";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { type DataType, type Field, type RecordBatch, RecordBatchReader } from "apache-arrow";
import { type ArrowFound, checkArrowFile } from "../../arrow/arrow-check.ts";
import { type ArrowFile, unpackArrowFile } from "../../arrow/arrow-unpack.ts";
import { type ArrowType, arrowType, type CellCosts } from "./arrow-columns.ts";
import { distinctNames } from "../../read/column-names.ts";
import type { ContentLimits } from "../../read/content-limits.ts";
import { type Database, sqlText } from "../database.ts";
import { columnsOf } from "../plain-relations.ts";
import type { Relation } from "../relation.ts";

const chunkRowCountMax = 2048;
/** Cells copied in one go: this blocks the thread for a few milliseconds. */
const chunkCellCountMax = 20_000;
/** Bytes of texts copied in one go; a longer text is copied alone. */
const chunkTextBytesMax = 16 * 1024 ** 2;
/** Flushing more chunks at once would block the thread for longer than a request should wait. */
const chunksOfFlush = 8;

/** Values of one list or struct. */
const nestedCellCostMax = 1_000_000;

interface ArrowColumn extends ArrowType {
  readonly name: string;
}

export interface ArrowSource extends ArrowFile {
  /** Path of the copy. */
  readonly databasePath: string;
  readonly limits: ContentLimits;
}

/** Checks the bytes before the Arrow library reads them. @throws NomalyError FILE_FORMAT, TOO_LARGE, ABORTED. */
export async function arrowRelation(database: Database, source: ArrowSource, signal: AbortSignal): Promise<Relation> {
  const { name, databasePath, limits } = source;
  const path = await unpackArrowFile(source, signal);
  const found = await checkArrowFile({ path, name }, limits, signal);
  if (found.columnCount === 0) throw new NomalyError("FILE_FORMAT", `${name} has no columns`, { field: name });
  if (found.unread !== undefined) throw notRead(name, found.unread.name, found.unread.type);
  // From a file handle the library reads message by message, also a file with a footer.
  const input = await open(path);
  try {
    const reader = await RecordBatchReader.from(input);
    await reader.open();
    const columns = reader.schema.fields.map((field) => arrowColumn(field, name));
    requireNames(columns, name);
    await database.run(`ATTACH ${sqlText(databasePath)} AS arrow_copy`);
    await database.run(
      `CREATE TABLE arrow_copy.records (${columns.map((column, index) => `c${index} ${String(column.type)}`).join(", ")})`,
    );
    const chunkRowCount = chunkRowCountOf(columns, found);
    const rowCount = await appendBatches(
      database,
      reader as AsyncIterable<RecordBatch>,
      { columns, chunkRowCount, fileName: name },
      signal,
    );
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
  const textCount = columns.filter(({ type }) => type === VARCHAR || type === BLOB).length;
  const ofCells = Math.floor(chunkCellCountMax / columns.length);
  const ofTexts = Math.floor(chunkTextBytesMax / Math.max(1, longestTextBytes * textCount));
  return Math.max(1, Math.min(chunkRowCountMax, ofCells, ofTexts));
}

interface Copying {
  readonly columns: readonly ArrowColumn[];
  readonly chunkRowCount: number;
  readonly fileName: string;
}

async function appendBatches(
  database: Database,
  batches: AsyncIterable<RecordBatch>,
  copying: Copying,
  signal: AbortSignal,
): Promise<number> {
  const appender = await database.connection.createAppender("records", "main", "arrow_copy");
  let rowCount = 0;
  let chunkCount = 0;
  for await (const batch of batches) {
    for (let start = 0; start < batch.numRows;) {
      throwIfAborted(signal);
      const chunk = chunkOf(batch, start, copying, rowCount);
      appender.appendDataChunk(chunk);
      start += chunk.rowCount;
      rowCount += chunk.rowCount;
      if (++chunkCount % chunksOfFlush === 0) appender.flushSync();
      // Lets a server on this thread answer requests meanwhile.
      await nextTurn();
    }
    appender.flushSync();
  }
  appender.closeSync();
  return rowCount;
}

/** The next rows of the batch, as many as are copied in one go. */
function chunkOf(
  batch: RecordBatch,
  start: number,
  { columns, chunkRowCount, fileName }: Copying,
  rowsBefore: number,
): DuckDBDataChunk {
  const wanted = Math.min(chunkRowCount, batch.numRows - start);
  const nested = columns.flatMap((column, index) => (column.isNested ? [{ column, vector: batch.getChildAt(index) }] : []));
  const nestedValues: readonly DuckDBValue[][] = nested.map(() => []);
  const costs = createCosts();
  // Lists may be of any length, so the rows are as few as their values allow.
  let count = nested.length === 0 ? wanted : 0;
  for (; count < wanted && (count === 0 || costs.sum() < chunkCellCountMax); count++) {
    for (const [index, { column, vector }] of nested.entries()) {
      costs.begin(() => `${fileName}: row ${rowsBefore + count + 1} of column "${column.name}"`, column.name);
      nestedValues[index].push(cellOf(column, vector?.get(start + count), costs));
    }
  }
  const chunk = DuckDBDataChunk.create(
    columns.map(({ type }) => type),
    count,
  );
  let nestedIndex = 0;
  for (const [index, column] of columns.entries()) {
    if (column.isNested) chunk.setColumnValues(index, nestedValues[nestedIndex++]);
    else {
      const vector = batch.getChildAt(index);
      chunk.setColumnValues(
        index,
        Array.from({ length: count }, (_, row) => cellOf(column, vector?.get(start + row), costs)),
      );
    }
  }
  return chunk;
}

function cellOf(column: ArrowColumn, value: unknown, costs: CellCosts): DuckDBValue {
  return value === null || value === undefined ? null : column.convert(value, costs);
}

interface ChunkCosts extends CellCosts {
  sum(): number;
  /** Called before each nested cell. */
  begin(place: () => string, columnName: string): void;
}

function createCosts(): ChunkCosts {
  let [sum, atBegin] = [0, 0];
  let [place, field] = [() => "", ""];
  return {
    sum: () => sum,
    begin(nextPlace, columnName) {
      [place, field, atBegin] = [nextPlace, columnName, sum];
    },
    add(cost) {
      sum += cost;
      if (sum - atBegin <= nestedCellCostMax) return;
      throw new NomalyError(
        "TOO_LARGE",
        `${place()} holds more than ${nestedCellCostMax} values, the most that a list or struct may have`,
        {
          field,
          expected: `at most ${nestedCellCostMax} values`,
        },
      );
    },
  };
}

function arrowColumn(field: Field, fileName: string): ArrowColumn {
  // The library returns null for an empty name.
  const name = (field.name as string | null) ?? "";
  const found = arrowType(field.type as DataType);
  if (found !== undefined) return { name, ...found };
  throw notRead(fileName, name, String(field.type));
}

function notRead(fileName: string, name: string, type: string): NomalyError {
  const message = `${fileName}: column "${name}" has the Arrow type ${type}, which is not read; write the file without it`;
  return new NomalyError("FILE_FORMAT", message, { field: name, received: type });
}
