/** A CSV or TSV file as a relation: strict, with the dialect settled beforehand. */

import { closeSync, openSync, readSync } from "node:fs";
import { NomalyError } from "@nomaly/detect";
import { mayBeNumbered, ownNames } from "../read/column-names.ts";
import { checkCsvRecords } from "../read/csv-check.ts";
import { csvDialect, type CsvOptions } from "../read/csv-dialect.ts";
import type { Database } from "./database.ts";
import { sqlName, sqlPath, sqlText } from "./database.ts";
import { headSizeBytes } from "../read/format.ts";
import type { Relation, RelationColumn } from "./relation.ts";

const defaultMissingTexts = ["", "NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "?"] as const;

/** Rows from which types are inferred. */
const sampleRowCount = 20_480;

/** DuckDB reads 32 MB at once by default; no line is longer than half of this. */
const smallBufferSizeBytes = 4_000_000;
/** Of DuckDB's own memory, below which its reading buffer is kept small. */
const memoryMibOfSmallBuffer = 256;

interface CsvFile {
  readonly path: string;
  readonly name: string;
  readonly delimiter: string;
  readonly options: CsvOptions;
  readonly memoryMib: number | undefined;
}

export interface CsvSource {
  /** May be a decompressed copy. */
  readonly path: string;
  /** As messages call the file. */
  readonly name: string;
  readonly options: CsvOptions;
  readonly columnCountMax: number;
  /** DuckDB's own; undefined: plenty. */
  readonly memoryMib?: number | undefined;
}

export async function csvRelation(database: Database, source: CsvSource, signal: AbortSignal): Promise<Relation> {
  const { path, name, options, columnCountMax, memoryMib } = source;
  const head = readHead(path, name);
  const { delimiter, firstRecord } = csvDialect(name, head, options.delimiter);
  const file = { path, name, delimiter, options, memoryMib };
  await checkCsvRecords(file, { columnCountMax, recordCountMax: sampleRowCount }, signal);
  const sniffed = await sniff(database, file, firstRecord);
  const original = sniffed.columns.map((column) => ({ ...column, type: "VARCHAR" }));
  // A whole number column may hold a fraction further down: as numbers they are read as DOUBLE.
  const asDouble = sniffed.columns.map((column) => ({ ...column, type: isNumber(column.type) ? "DOUBLE" : column.type }));
  return {
    sql: readCsv(file, sniffed, asDouble),
    columns: asDouble,
    originalSql: readCsv({ ...file, options: { missingTexts: [""] } }, { ...sniffed, dateFormats: "" }, original),
    maybeWhole: new Set(sniffed.columns.filter((column) => isWhole(column.type)).map((column) => column.name)),
    typedSql: (whole, dates) => {
      const columns = sniffed.columns.map((column, index) => {
        if (dates === "as texts" && /^(DATE|TIME)/.test(column.type)) return original[index];
        return whole.has(column.name) ? column : asDouble[index];
      });
      return readCsv(file, sniffed, columns);
    },
  };
}

function isWhole(type: string): boolean {
  return /^(BIGINT|INTEGER|HUGEINT)$/.test(type);
}

function isNumber(type: string): boolean {
  return isWhole(type) || /^(DOUBLE|DECIMAL.*)$/.test(type);
}

/** Text of the first bytes. @throws NomalyError FILE_FORMAT for an empty file, and for UTF-16 and binary content. */
function readHead(path: string, name: string): string {
  const descriptor = openSync(path, "r");
  const bytes = Buffer.alloc(headSizeBytes);
  const count = readSync(descriptor, bytes, 0, headSizeBytes, 0);
  closeSync(descriptor);
  const head = bytes.subarray(0, count);
  if (count === 0) throw new NomalyError("FILE_FORMAT", `${name} is empty`, { field: name });
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new NomalyError("FILE_FORMAT", `${name} is in UTF-16; UTF-8 is expected`, { field: name });
  }
  const zeroAt = head.indexOf(0);
  if (zeroAt >= 0) {
    throw new NomalyError("FILE_FORMAT", `${name} is not text: byte ${zeroAt} is zero; name its format with --format`, {
      field: name,
    });
  }
  return new TextDecoder().decode(head);
}

interface Sniffed {
  readonly header: boolean;
  readonly columns: readonly RelationColumn[];
  /** Options for dates, as SQL. */
  readonly dateFormats: string;
}

async function sniff(database: Database, file: CsvFile, firstRecord: readonly string[]): Promise<Sniffed> {
  const { options } = file;
  const header = options.header === undefined ? "" : `, header=${options.header}`;
  const sql = `SELECT HasHeader, Columns, DateFormat, TimestampFormat FROM sniff_csv(${sqlPath(file.path)}, ${dialectSql(file)}${header}, sample_size=${sampleRowCount})`;
  try {
    const row = (await database.rows(sql))[0] as unknown as SniffRow;
    const dateFormats =
      (row.DateFormat === null ? "" : `, dateformat=${sqlText(row.DateFormat)}`) +
      (row.TimestampFormat === null ? "" : `, timestampformat=${sqlText(row.TimestampFormat)}`);
    return { header: row.HasHeader, columns: row.HasHeader ? named(row.Columns, firstRecord) : row.Columns, dateFormats };
  } catch (error) {
    // The sniffer says only that no dialect fits; reading the rows as text says which line does not.
    const columns = firstRecord.map((_, index) => ({ name: `column${index}`, type: "VARCHAR" }));
    const strict = readCsv(file, { header: options.header ?? true, dateFormats: "" }, columns);
    await database.rows(`SELECT count(DISTINCT hash(${columns.map(({ name }) => sqlName(name)).join(", ")})) FROM ${strict}`);
    throw error;
  }
}

/** What comes from DuckDB has its own names, without the blanks around them. */
function named(columns: readonly RelationColumn[], firstRecord: readonly string[]): readonly RelationColumn[] {
  const aliases = columns.map(({ name }) => name);
  if (!mayBeNumbered(aliases)) return columns;
  const names = ownNames(
    aliases,
    firstRecord.map((field) => field.trim()),
  );
  return columns.map(({ type }, index) => ({ name: names[index], alias: aliases[index], type }));
}

interface SniffRow {
  readonly HasHeader: boolean;
  readonly Columns: readonly RelationColumn[];
  readonly DateFormat: string | null;
  readonly TimestampFormat: string | null;
}

function dialectSql({ delimiter, options, memoryMib = memoryMibOfSmallBuffer }: CsvFile): string {
  const missing = (options.missingTexts ?? defaultMissingTexts).map(sqlText).join(", ");
  const decimal = options.decimalComma === true ? ", decimal_separator=','" : "";
  const buffer = memoryMib < memoryMibOfSmallBuffer ? `, buffer_size=${smallBufferSizeBytes}` : "";
  return `delim=${sqlText(delimiter)}, quote='"', escape='"', comment='', skip=0, nullstr=[${missing}]${decimal}${buffer}`;
}

function readCsv(file: CsvFile, sniffed: Pick<Sniffed, "header" | "dateFormats">, columns: readonly RelationColumn[]): string {
  const types = columns.map(({ name, alias = name, type }) => `${sqlText(alias)}: ${sqlText(type)}`).join(", ");
  return (
    `read_csv(${sqlPath(file.path)}, auto_detect=false, strict_mode=true, hive_partitioning=false, header=${sniffed.header}, ` +
    `${dialectSql(file)}${sniffed.dateFormats}, columns={${types}})`
  );
}
