/** Why rows got their scores: for each row its columns in order of contribution, with the value and what is usual there. */

import type { Matrix } from "../matrix.ts";
import { positionOf } from "../pipeline/encode.ts";
import type { ColumnSource } from "../pipeline/column-source.ts";
import type { ColumnKind, Column } from "../pipeline/table.ts";
import type { ColumnProfile } from "../pipeline/pipeline.ts";
import { isMissingText } from "../pipeline/texts.ts";
import { columnContributions, type Contributing } from "./column-contributions.ts";

/** What one column contributed to a row's score. */
export interface Reason {
  /** Name of the column. */
  readonly column: string;
  /** What the column holds. */
  readonly kind: ColumnKind;
  /** As it was given; dates in milliseconds since 1970, booleans as 0 and 1, null for missing. */
  readonly value: number | string | null;
  /** Larger made the row more anomalous; `meaning` of the explanation says what the numbers sum to. */
  readonly contribution: number;
  /** Share of the training rows that have no value in this column, 0 to 1. */
  readonly missingShare: number;
  /** What is usual in this column, from the training rows that have a value. */
  readonly profile: ColumnProfile;
}

/** Every row's reasons, the largest contribution first, equals in the order of the columns. */
export function explainRows(explained: Contributing, source: ColumnSource, rows: Matrix): Reason[][] {
  if (rows.rowCount === 0) return [];
  const { pipeline, trainingRowCount } = explained;
  const columns = pipeline.columns.map(({ kind }, index) => source.column(positionOf(pipeline, source, index), kind));
  const isMissing = (row: number, index: number) => cellValue(columns[index], row) === null;
  const contributions = columnContributions(explained, rows, isMissing);
  return Array.from({ length: rows.rowCount }, (_, row) => {
    const reasons = pipeline.columns.map(({ name, kind, profile }, index): Reason => ({
      column: name,
      kind,
      value: cellValue(columns[index], row),
      contribution: contributions.values[row * pipeline.columns.length + index],
      missingShare: Math.min(1, profile.missingCount / trainingRowCount),
      profile,
    }));
    return reasons.sort((a, b) => b.contribution - a.contribution);
  });
}

function cellValue(column: Column, row: number): number | string | null {
  const value = column.values[row];
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  return isMissingText(value) ? null : value;
}
