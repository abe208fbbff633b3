/** What is kept of each scored batch: scores, the top rows, labels, and a sample for charts. Everything else goes by. */

import type { Column, Table } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import type { Batch } from "../../files/read/batches.ts";
import type { SampledRows } from "../../files/sample/row-sample.ts";
import { createRowSample } from "../../files/sample/row-sample.ts";
import type { ScoreStore } from "../../files/write/score-store.ts";
import { createScoreStore } from "../../files/write/score-store.ts";
import { shownTextLengthMax } from "../../files/read/source.ts";
import { labelsOf } from "../../files/read/labels.ts";

/** Points in the report's scatter chart. */
const chartRowCount = 1500;

export interface TopRow {
  /** From 0. */
  readonly row: number;
  readonly score: number;
  readonly cells: readonly (number | string | null)[];
}

export interface Findings {
  add(batch: Batch, scores: Float64Array): void;
  readonly scores: ScoreStore;
  /** The highest scores first; equals in the order of the file. */
  topRows(): TopRow[];
  /** The given rows as a table again. */
  tableOf(rows: readonly TopRow[]): Table;
  labels(): Uint8Array | undefined;
  sample(): SampledRows;
}

export interface FindingsOptions {
  readonly topCount: number;
  readonly label: string | undefined;
  readonly seed: number;
}

export function createFindings(options: FindingsOptions): Findings {
  const scores = createScoreStore();
  const chart = createRowSample(chartRowCount, options.seed + 1, shownTextLengthMax);
  const labelParts: Uint8Array[] = [];
  let columns: readonly Pick<Column, "kind" | "name">[] = [];
  let top: TopRow[] = [];
  let lowestTop = Number.NEGATIVE_INFINITY;

  function add(batch: Batch, batchScores: Float64Array): void {
    columns = batch.columns;
    scores.append(batchScores);
    chart.add(batch);
    if (options.label !== undefined) labelParts.push(labelsOf(labelColumn(batch, options.label)));
    for (let row = 0; row < batchScores.length; row++) {
      if (top.length >= options.topCount && batchScores[row] <= lowestTop) continue;
      top.push({ row: batch.firstRow + row, score: batchScores[row], cells: batch.columns.map((column) => column.values[row]) });
      // Cut when it has doubled, not at each row: sorting stays cheap.
      if (top.length >= 2 * options.topCount) trim();
    }
  }

  function trim(): void {
    top.sort((a, b) => b.score - a.score || a.row - b.row);
    top = top.slice(0, options.topCount);
    if (top.length === options.topCount) lowestTop = top[top.length - 1]?.score ?? Number.POSITIVE_INFINITY;
  }

  return {
    add,
    scores,
    topRows() {
      trim();
      return top;
    },
    tableOf: (rows) => tableOfCells(columns, rows),
    labels: () => (options.label === undefined ? undefined : joined(labelParts)),
    sample: () => chart.finish(),
  };
}

function labelColumn(batch: Batch, name: string): Column {
  const column = batch.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new NomalyError("COLUMN", `there is no column "${name}"`, { field: name });
  return column;
}

function tableOfCells(columns: readonly Pick<Column, "kind" | "name">[], rows: readonly TopRow[]): Table {
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
