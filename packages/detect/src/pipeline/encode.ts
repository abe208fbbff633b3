/** Applies a pipeline: rows by column name in, a matrix of numbers out. The same bits for a row whatever rows stand beside it. */

import { NomalyError, rowAtFault } from "../errors.ts";
import type { Matrix, RowScaling } from "../matrix.ts";
import { requireFinite, requireWidth, rowRange, scaleRowsInto } from "../matrix.ts";
import { sharedFloat64 } from "../shared-memory.ts";
import type { ColumnSource } from "./column-source.ts";
import { infiniteValue, missingValues, unknownColumn } from "./learn.ts";
import type { FrequencyEncoding, NumberEncoding, OneHotEncoding, Pipeline, PipelineColumn } from "./pipeline.ts";
import { encodedWidth, pipelineWidth } from "./pipeline.ts";
import type { Column } from "./table.ts";
import { toEnd } from "./to-end.ts";
import { categoryOf, isMissingText, numberOfText, textsOf } from "./texts.ts";
import { dateOfIso, dateOfWriting, numberOfWriting } from "./writing.ts";

/** Below this many values a matrix is made on ordinary memory: no thread will need it. */
export const sharedValueCountMin = 100_000;
/** Values scaled between two pieces. */
const scaledValueCount = 1_000_000;

/**
 * n rows become n x w numbers, w = {@link pipelineWidth}.
 * @throws NomalyError COLUMN when a column is missing or of another kind, SHAPE when unnamed rows have another width,
 * NOT_FINITE for infinity.
 */
export function encodeRows(pipeline: Pipeline, source: ColumnSource): Matrix {
  const width = pipelineWidth(pipeline);
  if (source.rowCount === 0) return { rowCount: 0, columnCount: width, values: new Float64Array(0) };
  const plain = plainRows(pipeline, source);
  if (plain === undefined) return toEnd(encodeColumns(pipeline, source));
  try {
    return plain.scaling === undefined ? checked(plain.rows) : scaledCopy(plain.rows, plain.scaling);
  } catch (error) {
    const isNotFinite = error instanceof NomalyError && error.code === "NOT_FINITE";
    // Encoding column by column makes the error name the column.
    if (isNotFinite && source.named) return toEnd(encodeColumns(pipeline, source));
    throw error;
  }
}

/**
 * {@link encodeRows} of many rows, in pieces of one column or one block of rows, between which the caller may let events in.
 * @param isKnown the pipeline has learned from these rows and so knows them to be finite.
 */
export function* encodePieces(pipeline: Pipeline, source: ColumnSource, isKnown: boolean): Generator<void, Matrix, void> {
  const plain = source.rowCount === 0 ? undefined : plainRows(pipeline, source);
  if (plain === undefined && source.rowCount > 0) return yield* encodeColumns(pipeline, source);
  if (isKnown && plain !== undefined && plain.scaling === undefined) return plain.rows;
  if (plain?.scaling === undefined) return encodeRows(pipeline, source);
  const { rows, scaling } = plain;
  const scaled = { ...rows, values: emptyValues(rows.values.length) };
  const blockRowCount = Math.max(1, Math.floor(scaledValueCount / rows.columnCount));
  for (let start = 0; start < rows.rowCount; start += blockRowCount) {
    yield;
    const end = Math.min(start + blockRowCount, rows.rowCount);
    const isFinite = scaleRowsInto(rowRange(rows, start, end), scaling, rowRange(scaled, start, end).values);
    // Encoding the rows as a whole makes the error name the place in the table.
    if (!isFinite) return encodeRows(pipeline, source);
  }
  return scaled;
}

/** {@link encodePieces} of rows that are not {@link plainRows}. @param valuesOf gives memory, all zeros. */
export function* encodeColumns(pipeline: Pipeline, source: ColumnSource, valuesOf = emptyValues): Generator<void, Matrix, void> {
  const width = pipelineWidth(pipeline);
  const out = { rowCount: source.rowCount, columnCount: width, values: valuesOf(source.rowCount * width) };
  let offset = 0;
  for (const [index, column] of pipeline.columns.entries()) {
    yield;
    encodeColumn(column, source.column(positionOf(pipeline, source, index), column.kind), out, offset);
    offset += encodedWidth(column.encoding);
  }
  return out;
}

/** Rows that need no encoding but to be scaled. */
export interface PlainRows {
  readonly rows: Matrix;
  readonly scaling: RowScaling | undefined;
}

/**
 * The rows unchanged and unchecked, with the scaling still to be done, where they are a matrix of the pipeline's columns in its
 * order and need no other encoding: callers scale them block by block while reading. Undefined for other rows.
 * @throws NomalyError SHAPE when they have no names and another width.
 */
export function plainRows(pipeline: Pipeline, source: ColumnSource): PlainRows | undefined {
  const { matrix } = source;
  if (matrix === undefined || pipeline.named !== source.named) return undefined;
  if (!source.named) requireWidth(matrix, pipeline.sourceColumnCount);
  if (pipeline.columns.length !== matrix.columnCount || !hasColumnsInOrder(pipeline, source)) return undefined;
  const encodings = pipeline.columns.map((column) => column.encoding);
  if (!encodings.every((encoding) => encoding.kind === "number" && encoding.fill === null)) return undefined;
  if (pipeline.scaling === "none") return { rows: matrix, scaling: undefined };
  return { rows: matrix, scaling: scalingOf(pipeline, encodings as NumberEncoding[]) };
}

function hasColumnsInOrder({ named, columns }: Pipeline, source: ColumnSource): boolean {
  if (!named) return columns.every(({ position }, index) => position === index);
  return columns.every(({ name, kind }, index) => name === source.names[index] && kind !== "date");
}

/** Made once for each pipeline, so that one row costs no more than its own arithmetic. */
const scalingOfPipeline = new WeakMap<Pipeline, RowScaling>();

function scalingOf(pipeline: Pipeline, encodings: readonly NumberEncoding[]): RowScaling {
  let scaling = scalingOfPipeline.get(pipeline);
  if (scaling === undefined) {
    const centers = Float64Array.from(encodings, ({ center }) => center);
    scaling = { centers, scales: Float64Array.from(encodings, ({ scale }) => scale) };
    scalingOfPipeline.set(pipeline, scaling);
  }
  return scaling;
}

function checked(rows: Matrix): Matrix {
  requireFinite(rows);
  return rows;
}

function scaledCopy(rows: Matrix, scaling: RowScaling): Matrix {
  const scaled = { ...rows, values: emptyValues(rows.values.length) };
  if (scaleRowsInto(rows, scaling, scaled.values)) return scaled;
  requireFinite(rows);
  requireFinite(scaled);
  return scaled;
}

function emptyValues(length: number): Float64Array {
  return length >= sharedValueCountMin ? sharedFloat64(length) : new Float64Array(length);
}

/** The place among the rows' columns of the pipeline's column `index`. */
export function positionOf(pipeline: Pipeline, source: ColumnSource, index: number): number {
  if (!pipeline.named && !source.named) {
    if (source.names.length !== pipeline.sourceColumnCount) {
      const message = `the model was fitted on ${pipeline.sourceColumnCount} columns, these rows have ${source.names.length}`;
      throw new NomalyError("SHAPE", message, { field: "columns" });
    }
    return pipeline.columns[index].position;
  }
  if (!source.named) {
    throw new NomalyError("COLUMN", "the model knows its columns by name, but these rows have no column names", {
      field: "columns",
    });
  }
  const position = source.names.indexOf(pipeline.columns[index].name);
  if (position < 0) throw missingColumns(pipeline, source);
  return position;
}

/** Missing columns that an error names. */
const toldNamesMax = 10;

/** Names all that are missing. The hint for a single one leaves out columns that the model knows under their own names: none of them is the missing one mistyped. */
function missingColumns(pipeline: Pipeline, source: ColumnSource): NomalyError {
  const present = new Set(source.names);
  const missing = pipeline.columns.map((column) => column.name).filter((name) => !present.has(name));
  const [name] = missing;
  if (missing.length > 1) {
    const quoted = missing.slice(0, toldNamesMax).map((one) => `"${one}"`);
    const more = missing.length > toldNamesMax ? ` and ${missing.length - toldNamesMax} more` : "";
    const message = `${missing.length} columns of the model are missing in these rows: ${quoted.join(", ")}${more}`;
    return new NomalyError("COLUMN", message, { field: name, expected: quoted.join(", ") });
  }
  const known = new Set([...pipeline.columns, ...pipeline.skipped].map((column) => column.name));
  return unknownColumn(
    name,
    source.names,
    source.names.filter((candidate) => !known.has(candidate)),
  );
}

function encodeColumn(column: PipelineColumn, given: Column, out: Matrix, offset: number): void {
  const { encoding } = column;
  switch (encoding.kind) {
    case "number":
      return encodeNumbers(column.name, encoding, numbersOf(column, given), out, offset);
    case "one-hot":
      return encodeOneHot(column.name, encoding, textsOf(given), out, offset);
    case "frequency":
      return encodeFrequency(column.name, encoding, textsOf(given), out, offset);
  }
}

function encodeNumbers(name: string, encoding: NumberEncoding, values: Float64Array, out: Matrix, offset: number): void {
  const { center, scale, fill, indicator, counted } = encoding;
  const width = out.columnCount;
  let missingCount = 0;
  let sum = 0;
  for (let row = 0, at = offset; row < values.length; row++, at += width) {
    let value = values[row];
    if (value !== value) {
      missingCount++;
      value = fill ?? 0;
      if (indicator) out.values[at + 1] = 1;
    }
    const encoded = (value - center) / scale;
    sum += encoded - encoded; // NaN as soon as one value is infinite.
    out.values[at] = encoded;
  }
  if (counted !== undefined) countInto(out, values, counted);
  if (missingCount > 0 && fill === null)
    throw missingValues([{ name, count: missingCount, firstRow: values.findIndex(Number.isNaN) }], "fit with");
  if (sum === 0) return;
  if (!values.every((value) => Number.isFinite(value) || Number.isNaN(value))) throw infiniteValue(name, values);
  throw new NomalyError("NOT_FINITE", `column "${name}" holds values too large to be scaled to comparable units`, {
    field: name,
  });
}

/** Adds to the presence column, the last one, what it counts of a column. */
function countInto(out: Matrix, values: Float64Array, counted: "missing" | "present"): void {
  const isMissingCounted = counted === "missing";
  for (let row = 0, at = out.columnCount - 1; row < values.length; row++, at += out.columnCount) {
    if (Number.isNaN(values[row]) === isMissingCounted) out.values[at]++;
  }
}

function encodeOneHot(
  name: string,
  encoding: OneHotEncoding,
  values: readonly (string | null)[],
  out: Matrix,
  offset: number,
): void {
  if (encoding.refusesMissing) refuseMissing(name, values);
  const positions = positionsOf(encoding.categories);
  for (let row = 0; row < values.length; row++) {
    const position = positions.get(categoryOf(values[row]));
    if (position !== undefined) out.values[row * out.columnCount + offset + position] = 1;
  }
}

function encodeFrequency(
  name: string,
  encoding: FrequencyEncoding,
  values: readonly (string | null)[],
  out: Matrix,
  offset: number,
): void {
  if (encoding.refusesMissing) refuseMissing(name, values);
  const positions = positionsOf(encoding.categories);
  for (let row = 0; row < values.length; row++) {
    const position = positions.get(categoryOf(values[row]));
    const share = position === undefined ? 0 : encoding.shares[position];
    const encoded = (share - encoding.center) / encoding.scale;
    if (!Number.isFinite(encoded))
      throw new NomalyError("MODEL_FILE", `the model's scaling of column "${name}" overflows`, { field: name });
    out.values[row * out.columnCount + offset] = encoded;
  }
}

/** Made once for each list of categories, so that one row costs no more than its own look-ups. */
const positionsOfCategories = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

function positionsOf(categories: readonly string[]): ReadonlyMap<string, number> {
  let positions = positionsOfCategories.get(categories);
  if (positions === undefined) {
    positions = new Map(categories.map((category, index) => [category, index]));
    positionsOfCategories.set(categories, positions);
  }
  return positions;
}

function refuseMissing(name: string, values: readonly (string | null)[]): void {
  const firstRow = values.findIndex(isMissingText);
  if (firstRow >= 0) throw missingValues([{ name, count: values.filter(isMissingText).length, firstRow }], "fit with");
}

/** The column as numbers; texts are accepted when all read as numbers, since files do not always agree on a column's kind. */
function numbersOf(column: PipelineColumn, given: Column): Float64Array {
  if (given.kind !== "text") {
    const compatible = given.kind === column.kind || (given.kind !== "date" && column.kind !== "date") || isEmpty(given.values);
    if (!compatible) throw otherKind(column, given.kind, 0);
    return given.values;
  }
  const numbers = new Float64Array(given.values.length);
  for (let row = 0; row < numbers.length; row++) {
    const text = given.values[row];
    numbers[row] = Number.NaN;
    if (text === null || isMissingText(text)) continue;
    numbers[row] = valueOfText(column, text) ?? Number.NaN;
    if (Number.isNaN(numbers[row])) throw otherKind(column, `text ("${text.slice(0, 60)}")`, row);
  }
  return numbers;
}

/**
 * Reads a text in the column's own way of writing; without one, dates in ISO form and numbers as programs write them. Flags become texts
 * where a column of theirs also has a text.
 */
function valueOfText({ kind, writing }: PipelineColumn, text: string): number | undefined {
  if (kind === "date") return writing?.kind === "date" ? dateOfWriting(text, writing) : dateOfIso(text);
  if (kind === "boolean" && (text === "true" || text === "false")) return text === "true" ? 1 : 0;
  return writing?.kind === "number" ? numberOfWriting(text, writing) : numberOfText(text);
}

function isEmpty(values: Float64Array): boolean {
  return values.every(Number.isNaN);
}

function otherKind(column: PipelineColumn, received: string, rowIndex: number): NomalyError {
  const form = column.kind === "date" ? `; ${dateForm(column)}` : "";
  const message = [`column "${column.name}" was ${column.kind} in training, but is ${received} in `, rowAtFault, form];
  return new NomalyError("COLUMN", message, { field: column.name, expected: column.kind, received, rowIndex });
}

const examplesOfOrder = { dmy: "31/12/2026", mdy: "12/31/2026", ymd: "2026/12/31" } as const;

function dateForm({ writing }: PipelineColumn): string {
  const learned = writing?.kind === "date" ? ` or, as in training, ${examplesOfOrder[writing.order]}` : "";
  return `dates are written 2026-12-31 or 2026-12-31T10:30:00Z${learned}`;
}
