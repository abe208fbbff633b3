/** Parquet and JSON files as relations: DuckDB reads both as they are. */

import { statSync } from "node:fs";
import { NomalyError } from "@nomaly/detect";
import type { ContentLimits } from "./content-limits.ts";
import type { Database } from "./database.ts";
import { sqlPath, sqlText } from "./database.ts";
import { checkJsonFile, type JsonFile } from "./json-check.ts";
import type { Relation, RelationColumn } from "./relation.ts";

/** JSON files up to this size are read whole to infer types. */
const wholeSampleSizeBytesMax = 64 * 1024 ** 2;
/** Levels of objects and arrays: DuckDB's reader calls itself for each. */
const depthMax = 64;
/** Largest single JSON record. */
const recordSizeBytesMax = 32 * 1024 ** 2;

export async function parquetRelation(database: Database, path: string): Promise<Relation> {
  const sql = `read_parquet(${sqlPath(path)}, hive_partitioning=false)`;
  const [{ num_rows: rowCount }] = await database.rows(`SELECT num_rows FROM parquet_file_metadata(${sqlPath(path)})`);
  return { sql, columns: await columnsOf(database, sql), rowCount: Number(rowCount) };
}

/** @throws NomalyError FILE_FORMAT, TOO_LARGE, ABORTED: a file is gone over before DuckDB sees it. */
export async function jsonRelation(
  database: Database,
  file: JsonFile,
  limits: ContentLimits,
  signal: AbortSignal,
): Promise<Relation> {
  const { path, name, format } = file;
  const sizeBytes = statSync(path).size;
  if (sizeBytes === 0) throw new NomalyError("FILE_FORMAT", `${name} is empty`, { field: name });
  const { isArray } = await checkJsonFile(file, { ...limits, depthMax, recordBytesMax: recordSizeBytesMax }, signal);
  const sampleSize = sizeBytes <= wholeSampleSizeBytesMax ? -1 : 20_480;
  // Left to itself DuckDB takes an array behind a byte order mark for one record.
  const jsonFormat = format === "ndjson" ? "newline_delimited" : isArray ? "array" : "auto";
  const readJson = (options: string) =>
    `read_json(${sqlPath(path)}, format='${jsonFormat}', compression='uncompressed', hive_partitioning=false, ` +
    `maximum_object_size=${recordSizeBytesMax}, map_inference_threshold=${limits.columnCountMax + 1}, ${options})`;
  const sql = readJson(`sample_size=${sampleSize}`);
  const columns = await columnsOf(database, sql);
  // A file without one object in it comes as a single column of this name and type.
  if (columns.length === 1 && columns[0].name === "json" && columns[0].type === "JSON") {
    throw new NomalyError("FILE_FORMAT", `${name} has no records; an array of objects, or one object a line, is expected`, {
      field: name,
    });
  }
  if (!columns.some(({ type }) => formedTypes.test(type))) return { sql, columns };
  return {
    sql,
    columns,
    async typedSql(_whole, dates) {
      if (dates === "as dates") return sql;
      // With formats that no text has, dates stay texts, nested ones as well.
      const described = await columnsOf(database, readJson(`sample_size=${sampleSize}, dateformat='~', timestampformat='~'`));
      const types = described.map(
        ({ name, type }) => `${sqlText(name)}: ${sqlText(/^(TIME|UUID)/.test(type) ? "VARCHAR" : type)}`,
      );
      return readJson(`columns={${types.join(", ")}}`);
    },
  };
}

/** Types that JSON has only as texts, which may be written in more than one way. */
const formedTypes = /^(TIME|UUID)|\b(DATE|TIMESTAMP)/;

export async function columnsOf(database: Database, sql: string): Promise<RelationColumn[]> {
  const rows = await database.rows(`DESCRIBE SELECT * FROM ${sql}`);
  return rows.map((row) => ({ name: String(row["column_name"]), type: String(row["column_type"]) }));
}
