/** Builds the COPY statement that writes a query's rows to a file, including column names that differ only in case. */

import { caselessNames } from "../read/column-names.ts";
import { sqlName, sqlText } from "./database.ts";
import type { FormatAndCompression } from "../read/format.ts";

export interface OutputColumn {
  readonly name: string;
  readonly sql: string;
}

export interface Output {
  readonly columns: readonly OutputColumn[];
  /** The SQL after FROM. */
  readonly from: string;
}

/** Parquet metadata key with the true column names, for files in which DuckDB appended numbers to names that differ only in case. */
export const ownNamesKey = "nomaly_column_names";

type CopyFormat = Pick<FormatAndCompression, "gzip"> & {
  readonly format: Exclude<FormatAndCompression["format"], "arrow">;
  /** Of CSV; default: a comma, and a tabulator for TSV. */
  readonly delimiter?: string | undefined;
};

export function copySql(output: Output, path: string, format: CopyFormat): string {
  const names = output.columns.map(({ name }) => name);
  const aliases = caselessNames(names);
  const isPlain = aliases.every((alias, index) => alias === names[index]);
  const [query, options] = isPlain ? [selectSql(output), copyOptions(format)] : namedCopy(output, aliases, format);
  return `COPY (${query}) TO ${sqlText(path)} (${options}, USE_TMP_FILE false)`;
}

/** Appends numbers to names that differ only in case; readers of the query restore them. */
export function selectSql({ columns, from }: Output): string {
  const aliases = caselessNames(columns.map(({ name }) => name));
  return `SELECT ${columns.map(({ sql }, index) => `${sql} AS ${sqlName(aliases[index])}`).join(", ")} FROM ${from}`;
}

function copyOptions(copied: CopyFormat): string {
  const { format, gzip } = copied;
  const compression = gzip ? ", COMPRESSION gzip" : ", COMPRESSION none";
  switch (format) {
    case "csv":
    case "tsv":
      return `FORMAT csv, HEADER, ${delimiterSql(copied)}${compression}`;
    case "json":
      return `FORMAT json, ARRAY true${compression}`;
    case "ndjson":
      return `FORMAT json${compression}`;
    case "parquet":
      return "FORMAT parquet, COMPRESSION zstd";
  }
}

function delimiterSql({ format, delimiter = format === "tsv" ? "\t" : "," }: CopyFormat): string {
  return `DELIMITER ${sqlText(delimiter)}`;
}

/** Query and options for names that differ only in case: text formats get them as data, Parquet in its metadata. */
function namedCopy(output: Output, aliases: readonly string[], format: CopyFormat): readonly [string, string] {
  const { columns, from } = output;
  const compression = `COMPRESSION ${format.gzip ? "gzip" : "none"}`;
  switch (format.format) {
    case "csv":
    case "tsv": {
      // The query writes the header as its first row.
      const header = columns.map(({ name }, index) => `${sqlText(name)} AS c${index}`).join(", ");
      const texts = columns.map(({ sql }) => `CAST(${sql} AS VARCHAR)`).join(", ");
      return [
        `SELECT ${header} UNION ALL SELECT * FROM (SELECT ${texts} FROM ${from})`,
        `FORMAT csv, HEADER false, ${delimiterSql(format)}, ${compression}`,
      ];
    }
    case "json":
    case "ndjson": {
      // Writes the same JSON as DuckDB does: each row is one text, written without quotes.
      const members = columns.map(({ name, sql }) => `${sqlText(name)}, ${sql}`).join(", ");
      const array = format.format === "json" ? ", PREFIX '[\n\t', SUFFIX '\n]\n', NEW_LINE ',\n\t'" : "";
      const options = `FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\n'${array}, ${compression}`;
      return [`SELECT json_object(${members}) FROM ${from}`, options];
    }
    case "parquet": {
      const selects = columns.map(({ sql }, index) => `${sql} AS ${sqlName(aliases[index])}`);
      const names = sqlText(JSON.stringify(columns.map(({ name }) => name)));
      return [`SELECT ${selects.join(", ")} FROM ${from}`, `${copyOptions(format)}, KV_METADATA {${ownNamesKey}: ${names}}`];
    }
  }
}
