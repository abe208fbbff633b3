/** Which columns can be drawn, and the rows as points of a chart. */

import type { Dataset } from "nomaly/client";
import { decodeColumn, decodeValue, type ScatterPoint, type ShownColumn } from "nomaly/report";
import type { ResultShown } from "./load-result.ts";
import type { ScoredRow } from "./scored-rows.ts";

/** Rows of the highest scores that are drawn; the sample holds others. */
const topDrawnMax = 150;

/** A place on an axis. */
export interface PlottedColumn {
  readonly shown: ShownColumn;
  readonly valueOf: (row: ScoredRow) => number | string | null;
}

/** The columns of numbers and dates that the model uses, those first that made the top rows anomalous. */
export function plottedColumns({ columns, explained }: Pick<ResultShown, "columns" | "explained">): readonly PlottedColumn[] {
  const weights = new Map<string, number>();
  for (const { reasons } of explained) {
    for (const { column, contribution } of reasons) weights.set(column, (weights.get(column) ?? 0) + Math.max(0, contribution));
  }
  const weightOf = (name: string) => weights.get(name) ?? 0;
  const drawable = columns.filter(({ kind, numbers }) => (kind === "number" || kind === "date") && numbers !== undefined);
  return drawable
    .toSorted((one, other) => weightOf(other.name) - weightOf(one.name))
    .flatMap((column) => {
      const decoded = decodeColumn(column);
      if (decoded === undefined) return [];
      const valueOf = ({ values }: ScoredRow) => decodeValue(values[column.name], decoded.kind);
      return [{ shown: { name: column.name, ...decoded }, valueOf }];
    });
}

/** The dates of the data set, also those that the model does not use. */
export function dateColumns({ rows }: Pick<ResultShown, "rows">, { columns }: Dataset): readonly PlottedColumn[] {
  return columns
    .filter(({ type }) => /^(DATE|TIMESTAMP)/.test(type))
    .flatMap(({ name }) => {
      const valueOf = ({ values }: ScoredRow) => decodeValue(values[name], "date");
      const times = drawnRows(rows)
        .map(valueOf)
        .filter((value) => typeof value === "number")
        .filter(Number.isFinite);
      return times.length === 0 ? [] : [{ shown: { name, kind: "date" as const, profile: profileOf(times) }, valueOf }];
    });
}

/** The score as an axis, on which all scores but the highest are usual. */
export function scoreAxis({ rows, columns }: Pick<ResultShown, "rows" | "columns">): PlottedColumn {
  const profile = profileOf(drawnRows(rows).map(({ score }) => score));
  const name = columns.some((column) => column.name === "score") ? "anomaly score" : "score";
  return { shown: { name, kind: "number", profile: { ...profile, low: profile.min } }, valueOf: ({ score }) => score };
}

/** The rows that have a value in both columns, anomalies last, which are drawn above the others. */
export function pointsOf(
  shown: ResultShown,
  [x, y]: readonly [PlottedColumn, PlottedColumn],
  threshold: number,
): readonly ScatterPoint[] {
  const rowNumbers = new Map(
    shown.rows.top.slice(0, shown.explained.length).map((row, index) => [row, shown.explained[index].row + 1]),
  );
  return drawnRows(shown.rows)
    .toReversed()
    .flatMap((row) => {
      const [across, up] = [x.valueOf(row), y.valueOf(row)];
      if (typeof across !== "number" || typeof up !== "number" || !Number.isFinite(across) || !Number.isFinite(up)) return [];
      return [
        { row: rowNumbers.get(row), name: undefined, x: across, y: up, score: row.score, isAnomaly: row.score > threshold },
      ];
    });
}

function profileOf(values: readonly number[]) {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
  return { kind: "number", min: at(0), low: at(0.05), median: at(0.5), high: at(0.95), max: at(1), missingCount: 0 } as const;
}

function drawnRows({ top, rest }: ResultShown["rows"]): readonly ScoredRow[] {
  return [...(rest.length === 0 ? top : top.slice(0, topDrawnMax)), ...rest];
}
