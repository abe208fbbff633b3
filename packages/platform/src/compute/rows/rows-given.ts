/** The rows of a request in their four forms, and conversions between them. */

import { type Column, NomalyError, type RowsInput, type Table } from "@nomaly/detect";
import { pickRows } from "../../table-work/pick-rows.ts";

/** A JSON value other than an object or array. */
export type Cell = number | string | boolean | null;

export type Rows =
  /** Numbers, row by row; NaN is missing. */
  | {
      readonly kind: "numbers";
      readonly values: Float64Array;
      readonly columnCount: number;
      readonly columnNames?: readonly string[];
    }
  /** One object a row; a key that an object lacks is a missing value. */
  | { readonly kind: "records"; readonly records: readonly Readonly<Record<string, Cell>>[] }
  /** Lists of equal length by name. */
  | { readonly kind: "columns"; readonly columns: Readonly<Record<string, readonly Cell[]>> }
  /** Columns of known kinds, from a file or from Arrow. */
  | { readonly kind: "table"; readonly table: Table };

export interface RowsGiven {
  readonly kind: "rows";
  readonly rows: Rows;
  readonly rowCount: number;
  readonly columnCount: number;
  /** Rough size in memory. */
  readonly sizeBytes: number;
}

export function tableGiven(columns: readonly Column[], rowCount: number, sizeBytes: number): RowsGiven {
  const rows: Rows = { kind: "table", table: { rowCount, columns } };
  return { kind: "rows", rows, rowCount, columnCount: columns.length, sizeBytes };
}

/** Converts rows to the library's form without copying cells. */
export function asRowsInput(rows: Rows): RowsInput {
  switch (rows.kind) {
    case "numbers":
      return rows;
    case "records":
      return rows.records;
    case "columns": {
      const { columns } = rows;
      // The library would take columns of these two names for a Table.
      return "rowCount" in columns && "columns" in columns ? recordsOf(Object.entries(columns)) : columns;
    }
    case "table":
      return rows.table;
  }
}

function recordsOf(columns: readonly (readonly [name: string, cells: readonly Cell[]])[]): readonly object[] {
  return columns[0][1].map((_, row) => Object.fromEntries(columns.map(([name, cells]) => [name, cells[row]])));
}

export interface CellColumn {
  readonly name: string;
  /** Null where it is missing. */
  readonly cellAt: (row: number) => Cell;
}

/** Columns without names are called `column_0`, `column_1`, as in the library. */
export function columnsOf(rows: Rows): readonly CellColumn[] {
  switch (rows.kind) {
    case "numbers": {
      const { values, columnCount, columnNames } = rows;
      return Array.from({ length: columnCount }, (_, column) => ({
        name: columnNames?.[column] ?? `column_${column}`,
        cellAt: (row) => presentNumber(values[row * columnCount + column]),
      }));
    }
    case "records": {
      const { records } = rows;
      const names = new Set<string>();
      for (const record of records) for (const name of Object.keys(record)) names.add(name);
      const cellOfName = (name: string) => (row: number) => (Object.hasOwn(records[row], name) ? records[row][name] : null);
      return Array.from(names, (name) => ({ name, cellAt: cellOfName(name) }));
    }
    case "columns":
      return Object.entries(rows.columns).map(([name, cells]) => ({ name, cellAt: (row) => cells[row] }));
    case "table":
      return rows.table.columns.map((column) => ({ name: column.name, cellAt: (row) => cellOf(column, row) }));
  }
}

function presentNumber(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function cellOf(column: Column, row: number): Cell {
  if (column.kind === "text") return column.values[row];
  const value = presentNumber(column.values[row]);
  if (value === null || column.kind === "number") return value;
  return column.kind === "boolean" ? value === 1 : new Date(value).toISOString();
}

/** False if the columns have no names. */
export function haveNames(rows: Rows): boolean {
  return rows.kind !== "numbers" || rows.columnNames !== undefined;
}

/** The rows at these indexes, in this order. */
export function chosenRows({ rows, ...given }: RowsGiven, indexes: readonly number[]): RowsGiven {
  return { ...given, rowCount: indexes.length, rows: rowsAt(rows, indexes) };
}

function rowsAt(rows: Rows, indexes: readonly number[]): Rows {
  switch (rows.kind) {
    case "numbers": {
      const { values, columnCount } = rows;
      const chosen = new Float64Array(indexes.length * columnCount);
      for (const [place, row] of indexes.entries()) {
        chosen.set(values.subarray(row * columnCount, (row + 1) * columnCount), place * columnCount);
      }
      return { ...rows, values: chosen };
    }
    case "records":
      return { kind: "records", records: indexes.map((row) => rows.records[row]) };
    case "columns": {
      const chosen = Object.entries(rows.columns).map(([name, cells]) => [name, indexes.map((row) => cells[row])]);
      return { kind: "columns", columns: Object.fromEntries(chosen) };
    }
    case "table":
      return { kind: "table", table: pickRows(rows.table, indexes) };
  }
}

/** Renames the field `rows` of the library's errors to the request's `data`. */
export function inRequestTerms(error: unknown): unknown {
  if (!(error instanceof NomalyError) || error.field === undefined || !/^rows\b/.test(error.field)) return error;
  return error.retold({ field: error.field.replace("rows", "data") });
}
