/**
 * The dialect of a text output. A CSV file comes back in its own: its texts stay as they are, so the scores beside them follow its decimal
 * mark.
 */

import type { DecimalMark, Writing } from "@nomaly/detect";
import type { FormatAndCompression } from "../../read/format.ts";
import type { OutputColumn } from "../copy-rows.ts";
import type { RelationColumn } from "../relation.ts";

export interface TextDialect {
  readonly delimiter: string;
  readonly decimal: DecimalMark;
}

const plainDialect: TextDialect = { delimiter: ",", decimal: "." };

export interface DialectEvidence {
  readonly delimiter: string;
  /** The mark that an option names. */
  readonly named: DecimalMark | undefined;
  readonly columns: readonly RelationColumn[];
  readonly writings: ReadonlyMap<string, Writing>;
  readonly records: readonly (readonly string[])[];
}

/**
 * What most columns with decimals show. Where none has any, a file cut at `;` has decimal commas: spreadsheets cut there where the comma is
 * the decimal mark.
 */
export function decimalMarkOfFile({ delimiter, named, columns, writings, records }: DialectEvidence): DecimalMark {
  if (named !== undefined) return named;
  let [commaCount, pointCount] = [0, 0];
  for (const [index, { name, type }] of columns.entries()) {
    const writing = writings.get(name);
    if (writing?.kind === "date") continue;
    if (writing?.decimal === ",") commaCount++;
    // Only the types of numbers tell of other columns: times, too, have a point before the parts of a second.
    else if (writing === undefined ? /^(DOUBLE|DECIMAL)/.test(type) : records.some((record) => /\.\d/.test(record[index] ?? "")))
      pointCount++;
  }
  if (commaCount !== pointCount) return commaCount > pointCount ? "," : ".";
  return delimiter === ";" ? "," : ".";
}

/** The dialect of the output of a file. @param dialect of the file itself, undefined where it is no text file. */
export function outputDialect(
  { format: read, dialect }: { readonly format: FormatAndCompression["format"]; readonly dialect?: TextDialect | undefined },
  format: "csv" | "tsv",
): TextDialect {
  const { delimiter, decimal } = dialect ?? plainDialect;
  if (format === "tsv") return { delimiter: "\t", decimal };
  // DuckDB writes no other delimiters. The name .csv of the output of a .tsv file asks for another delimiter.
  if (read === "csv" && /^[ -~\t]$/.test(delimiter)) return { delimiter, decimal };
  return { delimiter: decimal === "," ? ";" : ",", decimal };
}

/** As spreadsheets write CSV where the comma is the decimal mark. */
export const commaDialect: TextDialect = { delimiter: ";", decimal: "," };

/** The columns with their numbers as texts of the dialect; other columns are unchanged. */
export function inDialect<Column extends OutputColumn & { readonly type: string }>(
  columns: readonly Column[],
  { decimal }: TextDialect,
): readonly Column[] {
  if (decimal === ".") return columns;
  return columns.map((column) =>
    /^(DOUBLE|FLOAT|DECIMAL)/.test(column.type)
      ? { ...column, sql: `replace(CAST(${column.sql} AS VARCHAR), '.', ',')` }
      : column,
  );
}
