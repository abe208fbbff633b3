/** Reads a CSV or TSV file as a relation, in strict mode, with a dialect detected beforehand. */

import { NomalyError } from "@nomaly/detect";
import { checkCsvRecords } from "../read/csv-check.ts";
import { csvDialect, type CsvOptions } from "../read/csv-dialect.ts";
import { type Database, sqlName, sqlPath, sqlText } from "./database.ts";
import { readHead } from "../read/format.ts";
import { named, type Relation, type RelationColumn } from "./relation.ts";

const defaultMissingTexts = ["", "NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "?"] as const;

/** Rows from which types are inferred. */
const sampleRowCount = 20_480;

/** DuckDB's read buffer is 32 MB by default; a line may be at most half as long as this small one. */
const smallBufferSizeBytes = 4_000_000;
/** With less memory than this, DuckDB gets the small read buffer. */
const memoryMibOfSmallBuffer = 256;

interface CsvFile {
  readonly path: string;
  readonly name: string;
  readonly delimiter: string;
  readonly options: CsvOptions;
  readonly memoryMib: number | undefined;
}

export interface CsvSource {
  /** The file, or a decompressed copy. */
  readonly path: string;
  /** Name of the file in error messages. */
  readonly name: string;
  readonly options: CsvOptions;
  readonly columnCountMax: number;
  /** DuckDB's memory limit; undefined: its default. */
  readonly memoryMib?: number | undefined;
}

export async function csvRelation(database: Database, source: CsvSource, signal: AbortSignal): Promise<Relation> {
  const { path, name, options, columnCountMax, memoryMib } = source;
  const head = headText(path, name);
  const { delimiter, firstRecord } = csvDialect(name, head, options.delimiter);
  const file = { path, name, delimiter, options, memoryMib };
  await checkCsvRecords(file, { columnCountMax, recordCountMax: sampleRowCount }, signal);
  const sniffed = await sniff(database, file, firstRecord);
  const original = sniffed.columns.map((column) => ({ ...column, type: "VARCHAR" }));
  // A column that looks whole may hold a fraction further down, so numbers are read as DOUBLE.
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

/** Reads the first bytes as text. @throws NomalyError FILE_FORMAT for an empty file, UTF-16 and binary content. */
function headText(path: string, name: string): string {
  const head = readHead(path);
  if (head.length === 0) throw new NomalyError("FILE_FORMAT", `${name} is empty`, { field: name });
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new NomalyError("FILE_FORMAT", `${name} is in UTF-16; UTF-8 is expected`, { field: name });
  }
  const zeroAt = head.indexOf(0);
  if (zeroAt >= 0) {
    const message = `${name} is not text: byte ${zeroAt} is zero; give it the ending of its format, such as .parquet or .arrow`;
    throw new NomalyError("FILE_FORMAT", message, { field: name });
  }
  return new TextDecoder().decode(head);
}

interface Sniffed {
  readonly header: boolean;
  readonly columns: readonly RelationColumn[];
  /** SQL options for date formats. */
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
    // DuckDB trims the blanks around names.
    const names = () => firstRecord.map((field) => field.trim());
    return { header: row.HasHeader, columns: row.HasHeader ? await named(row.Columns, names) : row.Columns, dateFormats };
  } catch (error) {
    // The sniffer reports only that no dialect fits; reading the rows as text reports the line.
    const columns = firstRecord.map((_, index) => ({ name: `column${index}`, type: "VARCHAR" }));
    const strict = readCsv(file, { header: options.header ?? true, dateFormats: "" }, columns);
    await database.rows(`SELECT count(DISTINCT hash(${columns.map(({ name }) => sqlName(name)).join(", ")})) FROM ${strict}`);
    throw error;
  }
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
