/** Writes a query's rows as an Arrow IPC file, batch by batch. */

import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
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
  vectorFromArray,
} from "apache-arrow";
import type { DataType } from "apache-arrow";
import { type Database, type RowChunk, sqlName } from "./database.ts";
import { columnsOf } from "./plain-relations.ts";
import { kindOfType, type RelationColumn } from "./relation.ts";

const millisecondsPerDay = 86_400_000;
/** Chunks of DuckDB in one record batch: about 65,000 rows. */
const chunksPerBatch = 32;

interface ArrowField {
  readonly type: DataType;
  /** SQL expression for the value that `convert` takes. */
  readonly expression: string;
  convert(value: unknown): unknown;
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
  const writer = new RecordBatchFileWriter();
  writer.reset(undefined, schema);

  async function writeBatches(): Promise<void> {
    for (let chunks = await nextChunks(); chunks.length > 0; chunks = await nextChunks()) {
      writer.write(recordBatch(schema, fields, chunks));
    }
    writer.finish();
  }

  async function* bytes(): AsyncGenerator<Uint8Array> {
    const written = writer[Symbol.asyncIterator]();
    // An error while writing batches ends the reader too, which would otherwise wait forever.
    const writing = writeBatches().catch((error: unknown) => {
      writer.abort(error);
      throw error;
    });
    writing.catch(() => undefined);
    for (let next = await written.next(); next.done !== true; next = await written.next()) yield next.value;
    await writing;
  }

  async function nextChunks(): Promise<RowChunk[]> {
    const chunks: RowChunk[] = [];
    while (chunks.length < chunksPerBatch) {
      const next = await rows.next();
      if (next.done === true) break;
      chunks.push(next.value);
    }
    return chunks;
  }

  await pipeline(Readable.from(bytes(), { objectMode: false }), createWriteStream(path));
}

function recordBatch(schema: Schema, fields: readonly ArrowField[], chunks: readonly RowChunk[]): RecordBatch {
  const rowCount = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
  const children = fields.map((field, index) => {
    const values: unknown[] = [];
    for (const { chunk, rowCount: count } of chunks) {
      const vector = chunk.getColumnVector(index);
      for (let row = 0; row < count; row++) {
        const value: unknown = vector.getItem(row);
        values.push(value === null ? null : field.convert(value));
      }
    }
    return vectorFromArray(values, field.type).data[0];
  });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rowCount, nullCount: 0, children }));
}

function arrowField(column: RelationColumn): ArrowField {
  const name = sqlName(column.name);
  const same = (value: unknown) => value;
  if (/^(U?(TINY|SMALL)INT|U?INTEGER|BIGINT)$/.test(column.type)) {
    return { type: new Int64(), expression: `CAST(${name} AS BIGINT)`, convert: same };
  }
  if (column.type === "UBIGINT") return { type: new Uint64(), expression: name, convert: same };
  if (/^(FLOAT|DOUBLE|DECIMAL.*)$/.test(column.type))
    return { type: new Float64(), expression: `CAST(${name} AS DOUBLE)`, convert: same };
  if (column.type === "BOOLEAN") return { type: new Bool(), expression: name, convert: same };
  if (column.type === "DATE") {
    return {
      type: new DateDay(),
      expression: `epoch_ms(CAST(${name} AS TIMESTAMP))`,
      convert: (value) => new Date(daysOf(value)),
    };
  }
  if (kindOfType(column.type) === "date") {
    return { type: new TimestampMillisecond(), expression: `epoch_ms(CAST(${name} AS TIMESTAMP))`, convert: Number };
  }
  // Nested and other types are written as DuckDB's text for them.
  return { type: new Utf8(), expression: `CAST(${name} AS VARCHAR)`, convert: same };
}

function daysOf(milliseconds: unknown): number {
  return Math.floor(Number(milliseconds) / millisecondsPerDay) * millisecondsPerDay;
}
