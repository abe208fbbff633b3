/** Collects the results of scoring a table of any size: all scores, the rows with the highest scores, labels, and a sample for a chart. */

import { type Column, NomalyError, type Table } from "@nomaly/detect";
import { labelsOf } from "../files/read/labels.ts";
import { type Batch, shownTextLengthMax } from "../files/read/row-stream.ts";
import { createRowSample, type SampledRows } from "../files/sample/row-sample.ts";
import { createScoreStore, type ScoreStore } from "../files/write/score-store.ts";
import { createMissingCounts } from "./missing-counts.ts";
import type { RowTaker } from "./score-table.ts";

/** Points in the report's scatter chart. */
const chartRowCount = 1500;

export interface KeptRow {
  /** Index in the file, from 0. */
  readonly row: number;
  readonly cells: readonly (number | string | null)[];
}

export interface TopRow extends KeptRow {
  readonly score: number;
}

export interface Findings extends RowTaker {
  readonly scores: ScoreStore;
  /** The highest scores first; ties in the order of the file. */
  topRows(): TopRow[];
  /** The same rows as a table. */
  topTable(): Table;
  labels(): Uint8Array | undefined;
  /** Missing values by column; columns without any are left out. */
  missingCounts(): ReadonlyMap<string, number>;
  /** Rows for a chart; undefined without `chartSeed`. */
  sample(): SampledRows | undefined;
}

export interface FindingsOptions {
  readonly topCount: number;
  readonly label: string | undefined;
  /** Seed of the sample for a chart; undefined keeps no sample. */
  readonly chartSeed?: number;
}

export function createFindings(options: FindingsOptions): Findings {
  const scores = createScoreStore();
  const chart =
    options.chartSeed === undefined ? undefined : createRowSample(chartRowCount, options.chartSeed, shownTextLengthMax);
  const labelParts: Uint8Array[] = [];
  const missing = createMissingCounts();
  let columns: readonly Pick<Column, "kind" | "name">[] = [];
  let top: TopRow[] = [];
  let lowestTop = Number.NEGATIVE_INFINITY;

  function add(batch: Batch, batchScores: Float64Array): void {
    columns = batch.columns;
    scores.append(batchScores);
    chart?.add(batch);
    missing.add(batch);
    if (options.label !== undefined) labelParts.push(labelsOf(labelColumn(batch, options.label)));
    for (let row = 0; row < batchScores.length; row++) {
      if (top.length >= options.topCount && batchScores[row] <= lowestTop) continue;
      top.push({ row: batch.firstRow + row, score: batchScores[row], cells: batch.columns.map((column) => column.values[row]) });
      // Trims only when the list has doubled, so that sorting stays cheap.
      if (top.length >= 2 * options.topCount) trim();
    }
  }

  function trim(): void {
    top.sort((a, b) => b.score - a.score || a.row - b.row);
    top = top.slice(0, options.topCount);
    if (top.length === options.topCount) lowestTop = top[top.length - 1]?.score ?? Number.POSITIVE_INFINITY;
  }

  function topRows(): TopRow[] {
    trim();
    return top;
  }

  return {
    add,
    scores,
    topRows,
    topTable: () => tableOfRows(columns, topRows()),
    labels: () => (options.label === undefined ? undefined : joined(labelParts)),
    missingCounts: () => missing.counts(),
    sample: () => chart?.finish(),
  };
}

function labelColumn(batch: Batch, name: string): Column {
  const column = batch.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new NomalyError("COLUMN", `there is no column "${name}"`, { field: name });
  return column;
}

export function tableOfRows(columns: readonly Pick<Column, "kind" | "name">[], rows: readonly KeptRow[]): Table {
  const made = columns.map(({ kind, name }, index): Column => {
    if (kind === "text") return { kind, name, values: rows.map((row) => row.cells[index] as string | null) };
    return { kind, name, values: Float64Array.from(rows, (row) => row.cells[index] as number) };
  });
  return { rowCount: rows.length, columns: made };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
