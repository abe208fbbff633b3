/** Reads a relation's columns in bounded batches. */

import { type Column, type TextColumn, throwIfAborted, type Writing } from "@nomaly/detect";
import type { Batch } from "../read/row-stream.ts";
import type { Database, RowChunk } from "./database.ts";
import { columnExpression, kindOfType, type Relation, type RelationColumn } from "./relation.ts";

/** Values of a batch: enough to be worth scoring on threads, few enough to hold some batches in memory. */
const batchValueCount = 1 << 20;
const batchRowCountMax = 1 << 17;
/** Letters of distinct texts in a batch, so that rows with long texts come in smaller batches. */
const batchTextLengthMax = 1 << 24;

export interface ReadColumn extends RelationColumn {
  /** Most letters read of a text; undefined reads all. */
  readonly textLengthMax?: number;
}

export async function* readBatches(
  database: Database,
  relation: Relation,
  columns: readonly ReadColumn[],
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const select = `SELECT ${columns.map(columnExpression).join(", ")} FROM ${relation.sql}`;
  const capacity = Math.max(2048, Math.min(batchRowCountMax, Math.floor(batchValueCount / columns.length)));
  let firstRow = 0;
  let open = openBatch(columns, capacity);
  for await (const read of database.stream(select, columns.length)) {
    throwIfAborted(signal);
    const isFull = open.rowCount + read.rowCount > capacity || open.textLength > batchTextLengthMax;
    if (open.rowCount > 0 && isFull) {
      yield closedBatch(open, firstRow, relation);
      firstRow += open.rowCount;
      open = openBatch(columns, capacity);
    }
    append(open, read);
  }
  if (open.rowCount > 0) yield closedBatch(open, firstRow, relation);
}

/** A batch being filled: number arrays have length `capacity`, text arrays grow. */
interface OpenBatch {
  readonly columns: readonly OpenColumn[];
  rowCount: number;
  /** Letters of the distinct texts. */
  textLength: number;
}

type OpenColumn = NumbersInProgress | TextsInProgress;

interface NumbersInProgress {
  readonly kind: Exclude<Column["kind"], "text">;
  readonly name: string;
  readonly values: Float64Array;
}

interface TextsInProgress {
  readonly kind: "text";
  readonly name: string;
  readonly values: (string | null)[];
  /** Distinct texts, because categories repeat. */
  readonly kept: Map<string, string>;
}

function openBatch(columns: readonly RelationColumn[], capacity: number): OpenBatch {
  const open = columns.map(({ name, type }): OpenColumn => {
    const kind = kindOfType(type) ?? "text";
    return kind === "text" ? { kind, name, values: [], kept: new Map() } : { kind, name, values: new Float64Array(capacity) };
  });
  return { columns: open, rowCount: 0, textLength: 0 };
}

function append(open: OpenBatch, { chunk, rowCount: count }: RowChunk): void {
  for (const [index, column] of open.columns.entries()) {
    const vector = chunk.getColumnVector(index);
    if (column.kind === "text") {
      for (let row = 0; row < count; row++) {
        const text = vector.getItem(row) as string | null;
        const known = text === null ? null : column.kept.get(text);
        column.values.push(known === undefined ? text : known);
        if (known !== undefined || text === null) continue;
        column.kept.set(text, text);
        open.textLength += text.length;
      }
    } else {
      const { values } = column;
      for (let row = 0, at = open.rowCount; row < count; row++, at++) values[at] = vector.getItem(row) as number;
    }
  }
  open.rowCount += count;
}

function closedBatch({ columns, rowCount }: OpenBatch, firstRow: number, { writings }: Relation): Batch {
  const closed = columns.map((column): Column => {
    const { kind, name } = column;
    if (kind === "text") return { kind, name, values: column.values };
    return writtenColumn({ kind, name, values: column.values.subarray(0, rowCount) }, writings?.get(name));
  });
  return { firstRow, rowCount, columns: closed };
}

function writtenColumn(column: Exclude<Column, TextColumn>, writing: Writing | undefined): Column {
  if (column.kind === "number" && writing?.kind === "number") return { ...column, writing };
  return column.kind === "date" && writing?.kind === "date" ? { ...column, writing } : column;
}
