/** What DuckDB reads from: a SQL expression with named, typed columns. */

import type { ColumnKind } from "@nomaly/detect";
import { sqlName } from "./database.ts";

export interface RelationColumn {
  /** As the file has it. */
  readonly name: string;
  /** DuckDB's name of it, where that is another one. */
  readonly alias?: string;
  /** DuckDB's type, such as DOUBLE or TIMESTAMP. */
  readonly type: string;
}

export interface Relation {
  /** What stands after FROM. */
  readonly sql: string;
  readonly columns: readonly RelationColumn[];
  /** Known without reading where the format says so. */
  readonly rowCount?: number;
  /** Reads the same rows as they should be written: for CSV every value as the text that it was. */
  readonly originalSql?: string;
  /** Columns that looked like whole numbers, though a fraction may stand further down: read as DOUBLE until that is known. */
  readonly maybeWhole?: ReadonlySet<string>;
  /** Like `sql`, with the named columns as whole numbers, and dates as the texts that they were if so wanted. */
  typedSql?(whole: ReadonlySet<string>, dates: "as dates" | "as texts"): Promise<string> | string;
}

/** The column as SQL names it. */
export function columnSql({ name, alias = name }: Pick<RelationColumn, "name" | "alias">): string {
  return sqlName(alias);
}

/** The kind that a column has in a {@link Table}; undefined for nested and binary types, which are passed through only. */
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

/** The column as a DOUBLE with NaN for missing, or as VARCHAR, cut if so wanted. */
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
      // A text in a column of JSON values stands there in its quotes.
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
