/** Reads Parquet and JSON files as relations. */

import { statSync } from "node:fs";
import { NomalyError } from "@nomaly/detect";
import { ownNamesKey } from "./copy-rows.ts";
import type { ContentLimits } from "../read/content-limits.ts";
import { type Database, sqlName, sqlPath, sqlText } from "./database.ts";
import { checkJsonFile, type JsonFile } from "../json/json-check.ts";
import { named, type Relation, type RelationColumn } from "./relation.ts";

/** DuckDB infers types from all rows of JSON files up to this size. */
const wholeSampleSizeBytesMax = 64 * 1024 ** 2;
/** More keys than fit one record of the largest size. */
const keyCountMax = 2 ** 24;
/** Nesting of objects and arrays: DuckDB's reader recurses into each level. */
const depthMax = 64;
/** Largest JSON record; DuckDB's reader has buffers of twice this size. */
const recordMibMax = 32;
/** Share of DuckDB's memory that a record may take. */
const recordShareMax = 1 / 8;

function recordBytesFor(memoryMib: number | undefined): number {
  const mib = Math.min(recordMibMax, Math.max(1, Math.floor((memoryMib ?? Infinity) * recordShareMax)));
  return mib * 1024 ** 2;
}

export async function parquetRelation(database: Database, path: string): Promise<Relation> {
  const sql = `read_parquet(${sqlPath(path)}, hive_partitioning=false)`;
  const [{ num_rows: rowCount }] = await database.rows(`SELECT num_rows FROM parquet_file_metadata(${sqlPath(path)})`);
  const columns = await named(await columnsOf(database, sql), () => parquetNames(database, path));
  return { sql, columns, rowCount: Number(rowCount) };
}

/** The file's own column names: nomaly's files have them in the metadata, other files in the schema. */
async function parquetNames(database: Database, path: string): Promise<readonly string[]> {
  const told = await database.rows(
    `SELECT decode(value) AS names FROM parquet_kv_metadata(${sqlPath(path)}) WHERE key = encode(${sqlText(ownNamesKey)})`,
  );
  const names = textsOf(told[0]?.["names"]);
  if (names !== undefined) return names;
  const schema = await database.rows(`SELECT name, coalesce(num_children, 0) AS children FROM parquet_schema(${sqlPath(path)})`);
  return topNames(schema.map(({ name, children }) => ({ name: String(name), childCount: Number(children) })));
}

/** Parses metadata of a file, which may hold anything. */
function textsOf(json: unknown): readonly string[] | undefined {
  try {
    const value = JSON.parse(String(json)) as unknown;
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}

interface SchemaElement {
  readonly name: string;
  readonly childCount: number;
}

/** Names of the top level of a schema, a tree listed in pre-order, whose first element is the root. */
function topNames(elements: readonly SchemaElement[]): readonly string[] {
  const names: string[] = [];
  for (let at = 1; at < elements.length; at++) {
    names.push(elements[at].name);
    for (let inner = elements[at].childCount; inner > 0 && at < elements.length; inner--)
      inner += elements[++at]?.childCount ?? 0;
  }
  return names;
}

/** Checks the file before DuckDB reads it. @throws NomalyError FILE_FORMAT, TOO_LARGE, ABORTED. */
export async function jsonRelation(
  database: Database,
  file: JsonFile & { readonly memoryMib?: number | undefined },
  limits: ContentLimits,
  signal: AbortSignal,
): Promise<Relation> {
  const { path, name, format } = file;
  const recordBytesMax = recordBytesFor(file.memoryMib);
  const sizeBytes = statSync(path).size;
  if (sizeBytes === 0) throw new NomalyError("FILE_FORMAT", `${name} is empty`, { field: name });
  const { isArray } = await checkJsonFile(file, { ...limits, depthMax, recordBytesMax }, signal);
  const sampleSize = sizeBytes <= wholeSampleSizeBytesMax ? -1 : 20_480;
  // With format 'auto', DuckDB takes an array after a byte order mark for one record.
  const jsonFormat = format === "ndjson" ? "newline_delimited" : isArray ? "array" : "auto";
  const readJson = (options: string) =>
    `read_json(${sqlPath(path)}, format='${jsonFormat}', compression='uncompressed', hive_partitioning=false, ` +
    `maximum_object_size=${recordBytesMax}, map_inference_threshold=${limits.columnCountMax + 1}, ${options})`;
  const sniffedSql = readJson(`sample_size=${sampleSize}`);
  const sniffed = await columnsOf(database, sniffedSql);
  const moments = await unsniffedMoments(database, sniffedSql, sniffed);
  const typed = sniffed.map((column) => (moments.includes(column.name) ? { ...column, type: "TIMESTAMP" } : column));
  const replaced = moments.map((column) => `CAST(${sqlName(column)} AS TIMESTAMP) AS ${sqlName(column)}`);
  const sql = moments.length === 0 ? sniffedSql : `(SELECT * REPLACE (${replaced.join(", ")}) FROM ${sniffedSql})`;
  const columns = await named(typed, () => jsonNames(database, { path, format: jsonFormat, recordBytesMax }));
  // DuckDB reads a file without objects as one column of this name and type.
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
      // Date formats that no text matches keep dates as texts, also nested ones.
      const undated = readJson(`sample_size=${sampleSize}, dateformat='~', timestampformat='~'`);
      // `columns` cannot name a column that DuckDB renamed, so times and UUIDs are then written in DuckDB's form.
      if (columns.some(({ name, alias = name }) => alias !== name)) return undated;
      const described = await columnsOf(database, undated);
      const types = described.map(
        ({ name, type }) => `${sqlText(name)}: ${sqlText(/^(TIME|UUID)/.test(type) ? "VARCHAR" : type)}`,
      );
      return readJson(`columns={${types.join(", ")}}`);
    },
  };
}

/** Rows that show whether a column of texts may hold moments; then all rows are asked. */
const momentSampleRowCount = 1000;

/**
 * Columns whose texts are all of the form 2015-12-27T00:00:00.000, as pandas and D3 write moments without a zone: DuckDB takes them for
 * texts, unless they end with a Z or have no fraction.
 */
async function unsniffedMoments(database: Database, sql: string, columns: readonly RelationColumn[]): Promise<string[]> {
  const allMoments = async (names: readonly string[], from: string) => {
    if (names.length === 0) return [];
    const tests = names.map((name, index) => {
      const text = sqlName(name);
      const isMoment = `regexp_full_match(${text}, '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,9}') AND TRY_CAST(${text} AS TIMESTAMP) IS NOT NULL`;
      return `count(${text}) > 0 AND bool_and(${text} IS NULL OR (${isMoment})) AS c${index}`;
    });
    const [row] = await database.rows(`SELECT ${tests.join(", ")} FROM ${from}`);
    return names.filter((_, index) => row[`c${index}`] === true);
  };
  const texts = columns.filter(({ type }) => type === "VARCHAR").map(({ name }) => name);
  const maybe = await allMoments(texts, `(SELECT * FROM ${sql} LIMIT ${momentSampleRowCount})`);
  return allMoments(maybe, sql);
}

/** Types that JSON has only as texts, each of which can be written in several ways. */
const formedTypes = /^(TIME|UUID)|\b(DATE|TIMESTAMP)/;

/** Keys in the order of their first occurrence, which is DuckDB's order of columns. */
async function jsonNames(
  database: Database,
  { path, format, recordBytesMax }: { readonly path: string; readonly format: string; readonly recordBytesMax: number },
): Promise<readonly string[]> {
  const objects =
    `read_json_objects(${sqlPath(path)}, format='${format}', compression='uncompressed', hive_partitioning=false, ` +
    `maximum_object_size=${recordBytesMax})`;
  const keys = `SELECT json_keys(json) AS names, row_number() OVER () AS row FROM ${objects}`;
  const rows = await database.rows(
    `SELECT name, min(row * ${keyCountMax} + place) AS first FROM ` +
      `(SELECT unnest(names) AS name, generate_subscripts(names, 1) AS place, row FROM (${keys})) GROUP BY name ORDER BY first`,
  );
  return rows.map(({ name }) => String(name));
}

export async function columnsOf(database: Database, sql: string): Promise<RelationColumn[]> {
  const rows = await database.rows(`DESCRIBE SELECT * FROM ${sql}`);
  return rows.map((row) => ({ name: String(row["column_name"]), type: String(row["column_type"]) }));
}
