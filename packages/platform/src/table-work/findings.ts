/** Collects the results of scoring a table of any size: all scores, the rows with the highest scores, labels, and a sample for a chart. */

import type { Column, Table } from "@nomaly/detect";
import type { LabelReader } from "../files/read/labels.ts";
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
  /** Of each detector, where several score together. */
  readonly memberScores: readonly number[];
}

export interface Findings extends RowTaker {
  readonly scores: ScoreStore;
  /** Of each detector; empty unless `memberCount` asks for them. */
  readonly memberScores: readonly ScoreStore[];
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
  /** Reads the known labels. */
  readonly labels?: LabelReader | undefined;
  /** Seed of the sample for a chart; undefined keeps no sample. */
  readonly chartSeed?: number;
  /** Detectors whose own scores are kept, 8 bytes a row each. */
  readonly memberCount?: number;
}

export function createFindings(options: FindingsOptions): Findings {
  const scores = createScoreStore();
  const memberStores = Array.from({ length: options.memberCount ?? 0 }, createScoreStore);
  const chart =
    options.chartSeed === undefined ? undefined : createRowSample(chartRowCount, options.chartSeed, shownTextLengthMax);
  const missing = createMissingCounts();
  let columns: readonly Pick<Column, "kind" | "name">[] = [];
  let top: TopRow[] = [];
  let lowestTop = Number.NEGATIVE_INFINITY;

  function add(batch: Batch, batchScores: Float64Array, memberScores: readonly Float64Array[] = []): void {
    columns = batch.columns;
    scores.append(batchScores);
    for (const [index, store] of memberStores.entries()) store.append(memberScores[index]);
    chart?.add(batch);
    options.labels?.add(batch);
    missing.add(batch);
    for (let row = 0; row < batchScores.length; row++) {
      if (top.length >= options.topCount && batchScores[row] <= lowestTop) continue;
      top.push({
        row: batch.firstRow + row,
        score: batchScores[row],
        memberScores: memberScores.map((own) => own[row]),
        cells: batch.columns.map((column) => column.values[row]),
      });
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
    memberScores: memberStores,
    topRows,
    topTable: () => tableOfRows(columns, topRows()),
    labels: () => options.labels?.labels(),
    missingCounts: () => missing.counts(),
    sample: () => chart?.finish(),
  };
}

export function tableOfRows(columns: readonly Pick<Column, "kind" | "name">[], rows: readonly KeptRow[]): Table {
  const made = columns.map(({ kind, name }, index): Column => {
    if (kind === "text") return { kind, name, values: rows.map((row) => row.cells[index] as string | null) };
    return { kind, name, values: Float64Array.from(rows, (row) => row.cells[index] as number) };
  });
  return { rowCount: rows.length, columns: made };
}
