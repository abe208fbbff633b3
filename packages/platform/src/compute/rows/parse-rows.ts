/** Checks and parses the rows of a request. */

import { NomalyError } from "@nomaly/detect";
import type { Cell, Rows, RowsGiven } from "./rows-given.ts";

export interface RowLimits {
  readonly rowCountMax: number;
  readonly columnCountMax: number;
  /** Rows times columns: objects with few keys each may have many columns together. */
  readonly valueCountMax: number;
}

export const rowLimitDefaults: RowLimits = { rowCountMax: 1_000_000, columnCountMax: 10_000, valueCountMax: 1 << 25 };

/** Rough size of a cell that is no number. */
const cellSizeBytes = 32;

/**
 * Takes arrays (with names for their columns, if there are any), objects, or columns by name.
 * Tables of plain numbers become one row-major array; the library reads others as they are.
 * @param keepsRecords objects stay objects: a key that one lacks stays absent instead of becoming a missing value.
 * @throws NomalyError REQUEST, SHAPE, COLUMN or TOO_LARGE naming the field under `data`.
 */
export function rowsGiven(data: unknown, columnNames: unknown, limits = rowLimitDefaults, keepsRecords = false): RowsGiven {
  if (typeof data !== "object" || data === null) throw notRows("data", data);
  if (!Array.isArray(data)) return columnsGiven(data as Readonly<Record<string, unknown>>, limits);
  const rows: readonly unknown[] = data;
  requireRowCount(rows.length, limits);
  if (Array.isArray(rows[0])) return arraysGiven(rows, namesOf(columnNames), limits);
  if (typeof rows[0] === "object" && rows[0] !== null) return recordsGiven(rows, limits, keepsRecords);
  throw notRows("data[0]", rows[0]);
}

function notRows(field: string, received: unknown): NomalyError {
  const expected = "an array of arrays, an array of objects, or an object of arrays";
  return new NomalyError("REQUEST", `data must be ${expected}; ${field} is ${kindOf(received)}`, {
    field,
    expected,
    received: kindOf(received),
  });
}

function requireRowCount(rowCount: number, { rowCountMax }: RowLimits): void {
  const expected = `1 to ${rowCountMax} rows`;
  const details = { field: "data", expected, received: String(rowCount) };
  if (rowCount === 0) throw new NomalyError("REQUEST", `data must have ${expected}, it has none`, details);
  if (rowCount <= rowCountMax) return;
  throw new NomalyError("TOO_LARGE", `data has ${rowCount} rows; a request may have ${rowCountMax}`, details);
}

function requireColumnCount(columnCount: number, rowCount: number, { columnCountMax, valueCountMax }: RowLimits): void {
  const details = { field: "data", expected: `1 to ${columnCountMax} columns`, received: String(columnCount) };
  if (columnCount < 1) throw new NomalyError("SHAPE", "data has no columns", details);
  if (columnCount > columnCountMax) {
    throw new NomalyError("TOO_LARGE", `data has ${columnCount} columns; a request may have ${columnCountMax}`, details);
  }
  if (rowCount * columnCount <= valueCountMax) return;
  const message = `data has ${rowCount} rows of ${columnCount} columns; a request may have ${valueCountMax} values`;
  throw new NomalyError("TOO_LARGE", message, { ...details, expected: `at most ${valueCountMax} values` });
}

function namesOf(columnNames: unknown): readonly string[] | undefined {
  if (columnNames === undefined || columnNames === null) return undefined;
  if (Array.isArray(columnNames) && columnNames.every((name) => typeof name === "string")) return columnNames;
  const expected = "an array of texts, one for each column";
  throw new NomalyError("REQUEST", `columns must be ${expected}; got ${kindOf(columnNames)}`, { field: "columns", expected });
}

function arraysGiven(rows: readonly unknown[], names: readonly string[] | undefined, limits: RowLimits): RowsGiven {
  const columnCount = (rows[0] as readonly unknown[]).length;
  requireColumnCount(columnCount, rows.length, limits);
  if (names !== undefined && names.length !== columnCount) {
    const message = `columns has ${names.length} names, the rows of data have ${columnCount} values`;
    throw new NomalyError("SHAPE", message, { field: "columns", expected: String(columnCount), received: String(names.length) });
  }
  if (new Set(names).size < (names?.length ?? 0)) {
    throw new NomalyError("COLUMN", "columns has a name twice", { field: "columns" });
  }
  const values = new Float64Array(rows.length * columnCount);
  let allNumbers = true;
  for (let row = 0; row < rows.length; row++) {
    const cells = rows[row];
    if (!Array.isArray(cells) || cells.length !== columnCount) throw unlikeFirst(row, cells, columnCount);
    allNumbers = numbersInto(cells, values, row * columnCount, 1) && allNumbers;
  }
  if (allNumbers) return numbersGiven(values, columnCount, names);
  const arrays = rows as readonly (readonly Cell[])[];
  const cellAt = (row: number, column: number) => arrays[row][column];
  requireCells(arrays.length, columnCount, cellAt, (row, column) => `data[${row}][${column}]`);
  if (names === undefined) throw unnamedTexts(arrays, columnCount);
  // `fromEntries` makes an own property of every name, `__proto__` included.
  const columns = Object.fromEntries(names.map((name, column) => [name, arrays.map((row) => row[column])]));
  return cellsGiven({ kind: "columns", columns }, arrays.length, columnCount);
}

/** Writes a cell every `stride` values. False if a cell is neither a number nor missing. */
function numbersInto(cells: readonly unknown[], values: Float64Array, start: number, stride: number): boolean {
  for (let index = 0, at = start; index < cells.length; index++, at += stride) {
    const cell = cells[index];
    if (typeof cell === "number") values[at] = cell;
    else if (cell === null) values[at] = Number.NaN;
    else return false;
  }
  return true;
}

function unlikeFirst(row: number, cells: unknown, columnCount: number): NomalyError {
  const received = Array.isArray(cells) ? `${cells.length} values` : kindOf(cells);
  const expected = `an array of ${columnCount} values`;
  const message = `data[${row}] must be ${expected}, as data[0] is; got ${received}`;
  return new NomalyError("SHAPE", message, { field: `data[${row}]`, expected, received, rowIndex: row });
}

function unnamedTexts(table: readonly (readonly unknown[])[], columnCount: number): NomalyError {
  for (let row = 0; row < table.length; row++) {
    for (let column = 0; column < columnCount; column++) {
      const cell = table[row][column];
      if (typeof cell === "number" || cell === null) continue;
      const field = `data[${row}][${column}]`;
      const message = `${field} is ${kindOf(cell)}; arrays of other values than numbers need names for their columns in "columns"`;
      return new NomalyError("COLUMN", message, { field, expected: "a number or null", received: kindOf(cell), rowIndex: row });
    }
  }
  return notRows("data", table);
}

function recordsGiven(rows: readonly unknown[], limits: RowLimits, keepsRecords: boolean): RowsGiven {
  const seen = new Set<string>();
  let allNumbers = true;
  for (let row = 0; row < rows.length; row++) {
    const cells = rows[row];
    if (typeof cells !== "object" || cells === null || Array.isArray(cells)) {
      const details = { field: `data[${row}]`, expected: "an object", received: kindOf(cells), rowIndex: row };
      throw new NomalyError("SHAPE", `data[${row}] must be an object, as data[0] is; got ${kindOf(cells)}`, details);
    }
    for (const name of Object.keys(cells)) {
      const cell = (cells as Readonly<Record<string, unknown>>)[name];
      seen.add(name);
      if (typeof cell === "number" || cell === null) continue;
      allNumbers = false;
      requireCell(cell, row, () => `data[${row}].${name}`);
    }
    if (seen.size > limits.columnCountMax) break;
  }
  const names = [...seen];
  requireColumnCount(names.length, rows.length, limits);
  const records = rows as readonly Readonly<Record<string, Cell>>[];
  if (keepsRecords || !allNumbers) return cellsGiven({ kind: "records", records }, records.length, names.length);
  const values = new Float64Array(records.length * names.length);
  for (let row = 0, at = 0; row < records.length; row++) {
    for (let column = 0; column < names.length; column++, at++) {
      const name = names[column];
      values[at] = Object.hasOwn(records[row], name) ? ((records[row][name] as number | null) ?? Number.NaN) : Number.NaN;
    }
  }
  return numbersGiven(values, names.length, names);
}

function columnsGiven(columns: Readonly<Record<string, unknown>>, limits: RowLimits): RowsGiven {
  const names = Object.keys(columns);
  const lists = names.map((name): readonly unknown[] => {
    const list = columns[name];
    if (Array.isArray(list)) return list;
    throw notRows(`data.${name}`, list);
  });
  const rowCount = lists[0]?.length ?? 0;
  requireRowCount(rowCount, limits);
  requireColumnCount(names.length, rowCount, limits);
  const other = lists.findIndex((list) => list.length !== rowCount);
  if (other >= 0) {
    const message = `data.${names[other]} has ${lists[other].length} values, data.${names[0]} has ${rowCount}`;
    throw new NomalyError("SHAPE", message, { field: `data.${names[other]}`, expected: String(rowCount) });
  }
  const values = new Float64Array(rowCount * names.length);
  if (lists.every((list, column) => numbersInto(list, values, column, names.length))) {
    return numbersGiven(values, names.length, names);
  }
  const cellAt = (row: number, column: number) => lists[column][row];
  requireCells(rowCount, names.length, cellAt, (row, column) => `data.${names[column]}[${row}]`);
  return cellsGiven({ kind: "columns", columns: columns as Readonly<Record<string, readonly Cell[]>> }, rowCount, names.length);
}

function requireCells(
  rowCount: number,
  columnCount: number,
  cellAt: (row: number, column: number) => unknown,
  fieldOf: (row: number, column: number) => string,
): void {
  for (let row = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) requireCell(cellAt(row, column), row, () => fieldOf(row, column));
  }
}

/** Refuses objects as cells: converting one to text would call its `toString`. */
function requireCell(cell: unknown, rowIndex: number, fieldOf: () => string): void {
  if (cell === null || typeof cell === "number" || typeof cell === "string" || typeof cell === "boolean") return;
  const expected = "a number, text, true, false or null";
  const field = fieldOf();
  const message = `${field} must be ${expected}; got ${kindOf(cell)}`;
  throw new NomalyError("COLUMN", message, { field, expected, received: kindOf(cell), rowIndex });
}

function numbersGiven(values: Float64Array, columnCount: number, columnNames: readonly string[] | undefined): RowsGiven {
  const rows: Rows = { kind: "numbers", values, columnCount, ...(columnNames === undefined ? {} : { columnNames }) };
  return { kind: "rows", rows, rowCount: values.length / columnCount, columnCount, sizeBytes: values.byteLength };
}

function cellsGiven(rows: Rows, rowCount: number, columnCount: number): RowsGiven {
  return { kind: "rows", rows, rowCount, columnCount, sizeBytes: rowCount * columnCount * cellSizeBytes };
}

function kindOf(received: unknown): string {
  if (received === null) return "null";
  if (received === undefined) return "missing";
  if (Array.isArray(received)) return "an array";
  return typeof received === "object" ? "an object" : `a ${typeof received}`;
}
