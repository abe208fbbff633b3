/** Writes a query's rows as an Arrow IPC file, batch by batch. */

import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  AsyncByteQueue,
  Bool,
  DateDay,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Uint64,
  Utf8,
} from "apache-arrow";
import { type ColumnType, gatherColumn } from "./arrow-gather.ts";
import { type Database, type RowChunk, sqlName } from "../database.ts";
import { columnsOf } from "../plain-relations.ts";
import { kindOfType, type RelationColumn } from "../relation.ts";

/** Values of a batch: its buffers are made at once, also for thousands of columns. */
const batchValueCount = 1 << 20;
const batchRowCountMax = 1 << 16;
/** Rows of one chunk of DuckDB, at most. */
const chunkRowCountMax = 2048;
/** Bytes of texts after which a batch is written, so that rows with long texts come in smaller batches. */
const batchTextBytesMax = 1 << 24;

interface ArrowField {
  readonly type: ColumnType;
  /** SQL expression for the value in the layout of the Arrow type. */
  readonly expression: string;
}

/** A query, and the names of its columns in the file. */
export interface ArrowRows {
  readonly select: string;
  readonly names: readonly string[];
}

export async function writeArrow(database: Database, { select, names }: ArrowRows, path: string): Promise<void> {
  const columns = await columnsOf(database, `(${select})`);
  const fields = columns.map(arrowField);
  const schema = new Schema(names.map((name, index) => new Field(name, fields[index].type, true)));
  const expressions = fields.map(({ expression }, index) => `${expression} AS c${index}`);
  const rows = database.stream(`SELECT ${expressions.join(", ")} FROM (${select})`, columns.length);
  await pipeline(
    Readable.from(fileBytes(schema, recordBatches(schema, fields, rows)), { objectMode: false }),
    createWriteStream(path),
  );
}

/** Makes the bytes of one batch only once those of the batch before are written. */
async function* fileBytes(schema: Schema, batches: AsyncIterable<RecordBatch>): AsyncGenerator<Uint8Array> {
  const pieces = new Pieces();
  const writer = new RecordBatchFileWriter();
  writer.reset(pieces, schema);
  for await (const batch of batches) {
    writer.write(batch);
    yield* pieces.taken();
  }
  writer.finish();
  yield* pieces.taken();
}

/** What the library writes, to be taken without waiting. */
class Pieces extends AsyncByteQueue {
  #pieces: Uint8Array[] = [];

  override write(bytes: Uint8Array): void {
    this.#pieces.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  taken(): readonly Uint8Array[] {
    const pieces = this.#pieces.filter(({ length }) => length > 0);
    this.#pieces = [];
    return pieces;
  }
}

async function* recordBatches(
  schema: Schema,
  fields: readonly ArrowField[],
  chunks: AsyncIterable<RowChunk>,
): AsyncGenerator<RecordBatch> {
  const rowCountMax = Math.max(chunkRowCountMax, Math.min(batchRowCountMax, Math.floor(batchValueCount / fields.length)));
  const open = () => fields.map(({ type }, index) => gatherColumn(type, index, rowCountMax));
  let columns = open();
  let rowCount = 0;
  const closed = (): RecordBatch => {
    const children = columns.map((column) => column.finish());
    return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rowCount, nullCount: 0, children }));
  };
  for await (const { chunk, rowCount: added } of chunks) {
    const textBytes = columns.reduce((sum, column) => sum + column.textBytes, 0);
    if (rowCount + added > rowCountMax || textBytes > batchTextBytesMax) {
      yield closed();
      columns = open();
      rowCount = 0;
    }
    for (const column of columns) column.append(chunk, added);
    rowCount += added;
  }
  if (rowCount > 0) yield closed();
}

function arrowField(column: RelationColumn): ArrowField {
  const name = sqlName(column.name);
  if (/^(U?(TINY|SMALL)INT|U?INTEGER|BIGINT)$/.test(column.type)) {
    return { type: new Int64(), expression: `CAST(${name} AS BIGINT)` };
  }
  if (column.type === "UBIGINT") return { type: new Uint64(), expression: name };
  if (/^(FLOAT|DOUBLE|DECIMAL.*)$/.test(column.type)) return { type: new Float64(), expression: `CAST(${name} AS DOUBLE)` };
  if (column.type === "BOOLEAN") return { type: new Bool(), expression: name };
  if (column.type === "DATE") return { type: new DateDay(), expression: name };
  if (kindOfType(column.type) === "date") {
    return { type: new TimestampMillisecond(), expression: `epoch_ms(CAST(${name} AS TIMESTAMP))` };
  }
  // Nested and other types are written as DuckDB's text for them.
  return { type: new Utf8(), expression: `CAST(${name} AS VARCHAR)` };
}
