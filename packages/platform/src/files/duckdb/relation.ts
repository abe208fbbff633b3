/** A relation: a SQL expression that reads a file, with its columns and their types. */

import type { ColumnKind, NomalyError, Writing } from "@nomaly/detect";
import { mayBeNumbered, ownNames } from "../read/column-names.ts";
import { sqlName } from "./database.ts";
import type { TextDialect } from "./output/output-dialect.ts";

export interface RelationColumn {
  /** Name in the file. */
  readonly name: string;
  /** DuckDB's name, if it differs. */
  readonly alias?: string;
  /** DuckDB's type, such as DOUBLE or TIMESTAMP. */
  readonly type: string;
}

export interface Relation {
  /** The SQL after FROM. */
  readonly sql: string;
  readonly columns: readonly RelationColumn[];
  /** Set if the format stores it. */
  readonly rowCount?: number;
  /** SQL for the same rows as they should be written: for CSV every value as its original text. */
  readonly originalSql?: string;
  /** Columns that look like whole numbers. They are read as DOUBLE, because a fraction may occur further down. */
  readonly maybeWhole?: ReadonlySet<string>;
  /** How columns of numbers and dates are written, if not as programs write them. */
  readonly writings?: ReadonlyMap<string, Writing>;
  /** For columns whose texts could be read in two ways, or hold mistakes: the error for whoever reads them. */
  readonly doubts?: ReadonlyMap<string, NomalyError>;
  /** How the file was read, in sentences for its user. */
  readonly notes?: readonly string[];
  /** For CSV and TSV: how the file is cut, and its decimal mark. */
  readonly dialect?: TextDialect;
  /** Like `sql`, but reads the columns in `whole` as whole numbers, and dates as their original texts if asked. */
  typedSql?(whole: ReadonlySet<string>, dates: "as dates" | "as texts"): Promise<string> | string;
}

/** Gives columns the file's own names, with DuckDB's as aliases. @param ask reads the file's names, if DuckDB may have changed some. */
export async function named(
  columns: readonly RelationColumn[],
  ask: () => Promise<readonly string[]> | readonly string[],
): Promise<readonly RelationColumn[]> {
  const aliases = columns.map(({ name }) => name);
  if (!mayBeNumbered(aliases)) return columns;
  const names = ownNames(aliases, await ask());
  return columns.map(({ type }, index) => ({ name: names[index], alias: aliases[index], type }));
}

/** The column's quoted name in SQL. */
export function columnSql({ name, alias = name }: Pick<RelationColumn, "name" | "alias">): string {
  return sqlName(alias);
}

/** The kind of a column in a {@link Table}; undefined for nested and binary types, which detectors cannot use. */
export function kindOfType(type: string): ColumnKind | undefined {
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|TIME|TIME WITH TIME ZONE|INTERVAL)$/.test(type)) {
    return "number";
  }
  if (/^(DATE|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/.test(type)) return "date";
  if (type === "BOOLEAN") return "boolean";
  if (/^(VARCHAR|JSON|UUID|ENUM\(.*\))$/s.test(type)) return "text";
  return undefined;
}

/** Whole numbers of this type may be too large for a float64. */
export function mayExceedFloat64(type: string): boolean {
  return /^U?(BIG|HUGE)INT$/.test(type);
}

/** SQL that reads the column as DOUBLE with NaN for missing, or as VARCHAR of at most `textLengthMax` letters. */
export function columnExpression(column: RelationColumn & { readonly textLengthMax?: number }): string {
  const name = columnSql(column);
  switch (kindOfType(column.type)) {
    case "number":
      return `coalesce(CAST(${isTime(column.type) ? `epoch(${name})` : name} AS DOUBLE), 'nan'::DOUBLE)`;
    case "boolean":
      return `coalesce(CAST(CAST(${name} AS TINYINT) AS DOUBLE), 'nan'::DOUBLE)`;
    case "date":
      return `coalesce(CAST(CASE WHEN isfinite(${name}) THEN epoch_ms(CAST(${name} AS TIMESTAMP)) END AS DOUBLE), 'nan'::DOUBLE)`;
    case "text":
      // A text in a JSON column has quotes around it, which ->> removes.
      return cutText(column.type === "JSON" ? `(${name} ->> '$')` : `CAST(${name} AS VARCHAR)`, column.textLengthMax);
    case undefined:
      return "NULL";
  }
}

function cutText(expression: string, lengthMax: number | undefined): string {
  return lengthMax === undefined ? expression : `left(${expression}, ${lengthMax})`;
}

function isTime(type: string): boolean {
  return type === "TIME" || type === "TIME WITH TIME ZONE" || type === "INTERVAL";
}
