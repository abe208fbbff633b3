/** Rows as callers hold them, seen as named columns that are made one at a time. */

import { NomalyError, rowAtFault } from "../errors.ts";
import type { Matrix } from "../matrix.ts";
import { columnCountMax, columnInto, matrix } from "../matrix.ts";
import type { Column, ColumnKind, Table } from "./table.ts";

/** Row-major numbers with a column count, and names if there are any. A Float64Array is used as it is, others are copied. */
export interface NumericRows {
  /** Row after row, each of `columnCount` values. */
  readonly values: ArrayLike<number>;
  /** Values in a row. */
  readonly columnCount: number;
  /** Names of the columns, in their order. */
  readonly columnNames?: readonly string[];
}

/** A value of a row. */
export type Cell = number | string | boolean | Date | bigint | null | undefined;

/**
 * What `fit` and `score` accept: row-major numbers with a column count, arrays of numbers, objects with names,
 * columns by name, or a {@link Table}.
 */
export type RowsInput =
  | NumericRows
  | readonly ArrayLike<number | null>[]
  | readonly object[]
  | Readonly<Record<string, ArrayLike<Cell>>>
  | Table;

export interface ColumnSource {
  readonly rowCount: number;
  readonly names: readonly string[];
  /** False when the names were made up from positions. */
  readonly named: boolean;
  /** @param wanted the kind of the model's column; without it the cells decide. */
  column(index: number, wanted?: ColumnKind): Column;
  /** The rows as they are, when all columns are plain numbers. */
  readonly matrix?: Matrix;
}

/** @throws NomalyError SHAPE or COLUMN when the rows are not one of the accepted shapes. */
export function columnSource(rows: RowsInput): ColumnSource {
  if (rows === null || typeof rows !== "object") throw unknownShape(rows);
  if (isTable(rows)) return tableSource(rows);
  if (isNumericRows(rows)) {
    const values = rows.values instanceof Float64Array ? rows.values : Float64Array.from(rows.values);
    return matrixSource(matrix(values, rows.columnCount), rows.columnNames);
  }
  if (!Array.isArray(rows)) return columnsByName(rows as Readonly<Record<string, ArrayLike<Cell>>>);
  const first: unknown = rows[0];
  if (first === undefined || Array.isArray(first) || ArrayBuffer.isView(first)) {
    return arraysSource(rows as readonly ArrayLike<number | null>[]);
  }
  if (typeof first === "object" && first !== null) return objectsSource(rows as readonly Record<string, Cell>[]);
  throw unknownShape(first);
}

function unknownShape(received: unknown): NomalyError {
  const expected = "{ values, columnCount }, arrays of numbers, objects, columns by name, or a table";
  return new NomalyError("SHAPE", `rows must be ${expected}; got ${received === null ? "null" : typeof received}`, {
    field: "rows",
    expected,
    received: received === null ? "null" : typeof received,
  });
}

function isTable(rows: RowsInput): rows is Table {
  return "rowCount" in rows && "columns" in rows && Array.isArray(rows.columns);
}

function isNumericRows(rows: RowsInput): rows is NumericRows {
  return "values" in rows && "columnCount" in rows && typeof rows.columnCount === "number";
}

function tableSource(table: Table): ColumnSource {
  for (const column of table.columns) {
    if (column.values.length === table.rowCount) continue;
    const message = `column "${column.name}" has ${column.values.length} values, the table has ${table.rowCount} rows`;
    throw new NomalyError("SHAPE", message, { field: column.name });
  }
  const names = requireNames(table.columns.map((column) => column.name));
  return { rowCount: table.rowCount, names, named: true, column: (index) => table.columns[index] };
}

function matrixSource(table: Matrix, columnNames: readonly string[] | undefined): ColumnSource {
  if (columnNames !== undefined && columnNames.length !== table.columnCount) {
    throw new NomalyError("SHAPE", `${columnNames.length} column names for ${table.columnCount} columns`, {
      field: "columnNames",
    });
  }
  let names = columnNames === undefined ? undefined : requireNames(columnNames);
  return {
    rowCount: table.rowCount,
    named: columnNames !== undefined,
    // Made only when asked for: a single row is scored in microseconds.
    get names() {
      names ??= Array.from({ length: table.columnCount }, (_, index) => `column_${index}`);
      return names;
    },
    column(index) {
      const values = new Float64Array(table.rowCount);
      columnInto(table, index, values);
      return { kind: "number", name: this.names[index], values };
    },
    matrix: table,
  };
}

/** null and undefined are missing. */
function arraysSource(rows: readonly ArrayLike<number | null>[]): ColumnSource {
  const columnCount = rows[0]?.length ?? 1;
  const values = new Float64Array(rows.length * columnCount);
  for (const [rowIndex, row] of rows.entries()) {
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
      throw new NomalyError("SHAPE", [rowAtFault, " is no array, as row 0 is"], { field: `rows[${rowIndex}]`, rowIndex });
    }
    if (row.length !== columnCount) {
      const message = [rowAtFault, ` has ${row.length} values, row 0 has ${columnCount}`];
      throw new NomalyError("SHAPE", message, { field: `rows[${rowIndex}]`, rowIndex });
    }
    for (let column = 0; column < columnCount; column++) {
      values[rowIndex * columnCount + column] = numberOfCell(row[column], rowIndex, column);
    }
  }
  return matrixSource(matrix(values, columnCount), undefined);
}

function numberOfCell(cell: unknown, rowIndex: number, column: number): number {
  if (typeof cell === "number") return cell;
  if (cell === null || cell === undefined) return Number.NaN;
  const message = [rowAtFault, `, column ${column} is a ${typeof cell}; rows given as arrays hold numbers only`];
  throw new NomalyError("COLUMN", message, { field: `rows[${rowIndex}][${column}]`, rowIndex });
}

function objectsSource(rows: readonly Readonly<Record<string, Cell>>[]): ColumnSource {
  const seen = new Set<string>();
  for (const [rowIndex, row] of rows.entries()) {
    if (row === null || typeof row !== "object")
      throw new NomalyError("SHAPE", [rowAtFault, " is no object"], { field: "rows", rowIndex });
    for (const name of Object.keys(row)) seen.add(name);
  }
  const names = requireNames([...seen]);
  return {
    rowCount: rows.length,
    names,
    named: true,
    column: (index, wanted) => columnOfCells(names[index], rows.length, (row) => cellOf(rows[row], names[index]), wanted),
  };
}

function cellOf(row: Readonly<Record<string, Cell>>, name: string): Cell {
  return Object.hasOwn(row, name) ? row[name] : undefined;
}

function columnsByName(columns: Readonly<Record<string, ArrayLike<Cell>>>): ColumnSource {
  const names = requireNames(Object.keys(columns));
  const rowCount = columns[names[0]]?.length ?? 0;
  for (const name of names) {
    if (columns[name]?.length === rowCount) continue;
    const message = `column "${name}" has ${String(columns[name]?.length)} values, column "${names[0]}" has ${rowCount}`;
    throw new NomalyError("SHAPE", message, { field: name });
  }
  return {
    rowCount,
    names,
    named: true,
    column(index, wanted) {
      const values = columns[names[index]];
      if (values instanceof Float64Array) return { kind: "number", name: names[index], values };
      return columnOfCells(names[index], rowCount, (row) => values[row], wanted);
    },
  };
}

function requireNames(names: readonly string[]): readonly string[] {
  if (names.length < 1 || names.length > columnCountMax) {
    throw new NomalyError("SHAPE", `rows must have 1 to ${columnCountMax} columns, got ${names.length}`, { field: "columns" });
  }
  if (names.length === new Set(names).size) return names;
  const twice = names.find((name, index) => names.indexOf(name) !== index) ?? "";
  throw new NomalyError("COLUMN", `two columns have the name "${twice}"`, { field: twice });
}

/**
 * Infers the kind from the first cell that is there; every other must be of that kind or missing. Where a model gives the
 * kind, cells may be of several kinds: if one is a text, the column becomes one of texts, which the model then reads.
 */
function columnOfCells(name: string, rowCount: number, cell: (row: number) => Cell, wanted?: ColumnKind): Column {
  const kinds = new Set<ColumnKind>();
  for (let row = 0; row < rowCount && (wanted !== undefined || kinds.size === 0); row++) {
    const kind = kindOf(cell(row));
    if (kind !== undefined) kinds.add(kind);
  }
  if (wanted !== undefined && (wanted === "text" || kinds.has("text"))) {
    return { kind: "text", name, values: Array.from({ length: rowCount }, (_, row) => anyText(cell(row))) };
  }
  const [kind] = kinds;
  if (kind === "text") {
    return { kind, name, values: Array.from({ length: rowCount }, (_, row) => textOf(name, row, cell(row))) };
  }
  const values = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) values[row] = numberOf(name, row, cell(row), kind);
  return { kind: kind ?? "number", name, values };
}

function anyText(cell: Cell): string | null {
  if (cell === null || cell === undefined || cell === "" || Number.isNaN(cell)) return null;
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

function kindOf(cell: Cell): Column["kind"] | undefined {
  if (cell === null || cell === undefined || cell === "") return undefined;
  if (typeof cell === "number" || typeof cell === "bigint") return "number";
  if (typeof cell === "boolean") return "boolean";
  return cell instanceof Date ? "date" : "text";
}

function textOf(name: string, row: number, cell: Cell): string | null {
  if (cell === null || cell === undefined || cell === "") return null;
  if (typeof cell === "string") return cell;
  throw mixedKinds(name, row, "text", cell);
}

function numberOf(name: string, row: number, cell: Cell, kind: Column["kind"] | undefined): number {
  const cellKind = kindOf(cell);
  if (cellKind === undefined) return Number.NaN;
  if (cellKind !== kind) throw mixedKinds(name, row, String(kind), cell);
  return Number(cell);
}

function mixedKinds(name: string, row: number, kind: string, cell: Cell): NomalyError {
  const received = `${kindOf(cell) ?? "missing"} (${String(cell)})`;
  return new NomalyError("COLUMN", [`column "${name}" starts as ${kind}, but `, rowAtFault, ` holds ${received}`], {
    field: name,
    expected: kind,
    received,
    rowIndex: row,
  });
}
