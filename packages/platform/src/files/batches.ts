/** Reads a relation's columns in bounded batches. */

import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { Column, Table } from "@nomaly/detect";
import { throwIfAborted } from "@nomaly/detect";
import type { Database } from "./database.ts";
import type { Relation, RelationColumn } from "./relation.ts";
import { columnExpression, kindOfType } from "./relation.ts";

/** Values of one batch: large enough to be worth handing to threads, small enough to hold a few. */
const batchValueCount = 1 << 20;
const batchRowCountMax = 1 << 17;

export interface Batch extends Table {
  /** Index of the first row in the file. */
  readonly firstRow: number;
}

/** @param columns of a kind that a table can hold. */
export async function* readBatches(
  database: Database,
  relation: Relation,
  columns: readonly RelationColumn[],
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const result = await database.stream(`SELECT ${columns.map(columnExpression).join(", ")} FROM ${relation.sql}`);
  const capacity = Math.max(2048, Math.min(batchRowCountMax, Math.floor(batchValueCount / columns.length)));
  let firstRow = 0;
  let chunks: DuckDBDataChunk[] = [];
  let rowCount = 0;
  for (;;) {
    throwIfAborted(signal);
    const chunk = await result.fetchChunk();
    const ended = chunk === null || chunk.rowCount === 0;
    if (rowCount > 0 && (ended || rowCount + chunk.rowCount > capacity)) {
      yield { firstRow, rowCount, columns: columns.map((column, index) => gather(column, index, chunks, rowCount)) };
      firstRow += rowCount;
      chunks = [];
      rowCount = 0;
    }
    if (ended) return;
    chunks.push(chunk);
    rowCount += chunk.rowCount;
  }
}

function gather(column: RelationColumn, index: number, chunks: readonly DuckDBDataChunk[], rowCount: number): Column {
  const kind = kindOfType(column.type) ?? "text";
  if (kind === "text") return { kind, name: column.name, values: gatherTexts(index, chunks) };
  const values = new Float64Array(rowCount);
  let at = 0;
  for (const chunk of chunks) {
    const vector = chunk.getColumnVector(index);
    const count = chunk.rowCount;
    for (let row = 0; row < count; row++) values[at + row] = vector.getItem(row) as number;
    at += count;
  }
  return { kind, name: column.name, values };
}

function gatherTexts(index: number, chunks: readonly DuckDBDataChunk[]): (string | null)[] {
  // Categories repeat: equal texts are kept once.
  const kept = new Map<string, string>();
  const values: (string | null)[] = [];
  for (const chunk of chunks) {
    const vector = chunk.getColumnVector(index);
    for (let row = 0; row < chunk.rowCount; row++) {
      const text = vector.getItem(row) as string | null;
      if (text === null) {
        values.push(null);
        continue;
      }
      const known = kept.get(text);
      if (known === undefined) kept.set(text, text);
      values.push(known ?? text);
    }
  }
  return values;
}
