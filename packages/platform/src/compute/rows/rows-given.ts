/** Rows of a request, and all that depends on the form that they have. */

import { type Column, NomalyError, type RowsInput, type Table } from "@nomaly/detect";

/** What JSON can say of one value. */
export type Cell = number | string | boolean | null;

/** Plain numbers, row by row; NaN is missing. Is taken by the library as it is. */
export interface NumberRows {
  readonly kind: "numbers";
  readonly values: Float64Array;
  readonly columnCount: number;
  readonly columnNames?: readonly string[];
}

/** A name that not all records have is missing in the others. */
export interface RecordRows {
  readonly kind: "records";
  readonly records: readonly Readonly<Record<string, Cell>>[];
}

/** Lists of equal length by name. */
export interface ColumnRows {
  readonly kind: "columns";
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
}

/** Columns whose kinds are known, as those of a file or of Arrow are. */
export interface TableRows {
  readonly kind: "table";
  readonly table: Table;
}

export type Rows = NumberRows | RecordRows | ColumnRows | TableRows;

export interface RowsGiven {
  readonly kind: "rows";
  readonly rows: Rows;
  readonly rowCount: number;
  readonly columnCount: number;
  /** Roughly, in memory. */
  readonly sizeBytes: number;
}

/** As the library takes them: no cell is copied. */
export function asRowsInput(rows: Rows): RowsInput {
  switch (rows.kind) {
    case "numbers":
      return rows;
    case "records":
      return rows.records;
    case "columns":
      return passesForTable(rows) ? recordsOf(rows) : rows.columns;
    case "table":
      return rows.table;
  }
}

/** Columns that happen to have these names would pass for a table of the library's own. */
function passesForTable({ columns }: ColumnRows): boolean {
  return "rowCount" in columns && "columns" in columns;
}

function recordsOf({ columns }: ColumnRows): RecordRows["records"] {
  const entries = Object.entries(columns);
  return entries[0][1].map((_, row) => Object.fromEntries(entries.map(([name, cells]) => [name, cells[row]])));
}

export interface CellColumn {
  readonly name: string;
  /** Null where it is missing. */
  readonly cellAt: (row: number) => Cell;
}

/** Columns of rows without names are called `column_0`, `column_1`, as in the library. */
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
      return [...names].map((name) => ({
        name,
        cellAt: (row) => (Object.hasOwn(records[row], name) ? records[row][name] : null),
      }));
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

/** False when their columns are known by position alone. */
export function haveNames(rows: Rows): boolean {
  return rows.kind !== "numbers" || rows.columnNames !== undefined;
}

/** The rows at these places, in their order. */
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
      const columns = Object.entries(rows.columns);
      return {
        kind: "columns",
        columns: Object.fromEntries(columns.map(([name, cells]) => [name, indexes.map((row) => cells[row])])),
      };
    }
    case "table":
      return {
        kind: "table",
        table: { rowCount: indexes.length, columns: rows.table.columns.map((column) => columnAt(column, indexes)) },
      };
  }
}

function columnAt(column: Column, indexes: readonly number[]): Column {
  if (column.kind === "text") return { ...column, values: indexes.map((row) => column.values[row]) };
  return { ...column, values: Float64Array.from(indexes, (row) => column.values[row]) };
}

/** The library speaks of `rows`, where the request has `data`. */
export function inRequestTerms(error: unknown): unknown {
  if (!(error instanceof NomalyError) || error.field === undefined || !/^rows\b/.test(error.field)) return error;
  return error.retold({ field: error.field.replace("rows", "data") });
}
