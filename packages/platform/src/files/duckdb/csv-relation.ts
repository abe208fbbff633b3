/** Reads a CSV or TSV file as a relation, in strict mode, with a dialect detected beforehand. */

import { NomalyError, type Writing } from "@nomaly/detect";
import { afterEmptyLines, type CsvBeginning, csvBeginning } from "../read/csv/csv-beginning.ts";
import { checkCsvRecords } from "../read/csv/csv-check.ts";
import { csvDialect, type CsvOptions } from "../read/csv/csv-dialect.ts";
import { namedByPlace, namesAllButFirst } from "../read/csv/csv-header.ts";
import { type Database, sqlName, sqlPath, sqlText } from "./database.ts";
import { isDateLike } from "../read/csv/date-finding.ts";
import { isNumberLike } from "../read/csv/number-shapes.ts";
import { readHead } from "../read/format.ts";
import { decimalMarkOfFile } from "./output/output-dialect.ts";
import { columnSql, named, type Relation, type RelationColumn } from "./relation.ts";
import { decimalMarkOf } from "../read/csv/written-options.ts";
import { type WrittenColumns, writtenColumns, writtenSql, writtenType } from "./written-columns.ts";

const defaultMissingTexts = ["", "NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "?", "."] as const;

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
  readonly beginning: CsvBeginning;
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
  const head = headOf(path, name);
  const start = csvBeginning(name, head, options.skipRows ?? 0);
  const { delimiter, firstRecord, records } = csvDialect(name, headText(head, start), options.delimiter ?? start.delimiter);
  const beginning = firstRecord.length > 1 ? afterEmptyLines(head, start) : start;
  const file = { path, name, delimiter, options, memoryMib, beginning };
  const isFilled = options.fillShortRows === true;
  const checked = isFilled ? { fieldCountMin: firstRecord.length, recordCountMax: Infinity } : { recordCountMax: sampleRowCount };
  const { shortRecordCount } = await checkCsvRecords(file, { columnCountMax, ...checked }, signal);
  const sniffed = await withInfiniteFirst(database, file, await sniff(database, file, firstRecord), records);
  const original = sniffed.columns.map((column) => ({ ...column, type: "VARCHAR" }));
  const textSql = readCsv(file, sniffed, original);
  const values = sniffed.header ? records.slice(1) : records;
  const written = await writtenOf(database, { file, sniffed, textSql }, values);
  const evidence = { delimiter, named: decimalMarkOf(options), columns: sniffed.columns, writings: written.writings };
  // A column that looks whole may hold a fraction further down, so numbers are read as DOUBLE.
  const asDouble = sniffed.columns.map((column) => ({ ...column, type: isNumber(column.type) ? "DOUBLE" : column.type }));
  const readWritten = (columns: readonly RelationColumn[]) =>
    writtenSql((read) => readCsv(file, sniffed, read), columns, written);
  return {
    sql: readWritten(asDouble),
    columns: asDouble.map((column) => ({ ...column, type: writtenType(column, written) })),
    originalSql: readCsv({ ...file, options: { missingTexts: [""], fillShortRows: isFilled } }, sniffed, original),
    maybeWhole: new Set(sniffed.columns.filter((column) => isWhole(column.type)).map((column) => column.name)),
    ...written,
    notes: [...fillNotes(shortRecordCount), ...written.notes],
    dialect: { delimiter, decimal: decimalMarkOfFile({ ...evidence, records: values }) },
    typedSql: (whole, dates) => {
      const columns = sniffed.columns.map((column, index) => {
        if (dates === "as texts" && /^(DATE|TIME)/.test(column.type)) return original[index];
        return whole.has(column.name) ? column : asDouble[index];
      });
      return dates === "as dates"
        ? readWritten(columns)
        : writtenSql((read) => readCsv(file, sniffed, read), columns, { writings: numbersOnly(written) });
    },
  };
}

function fillNotes(shortRecordCount: number): string[] {
  if (shortRecordCount === 0) return [];
  return [`${shortRecordCount} short ${shortRecordCount === 1 ? "row is" : "rows are"} filled with missing values`];
}

interface FileAsTexts {
  readonly file: CsvFile;
  readonly sniffed: Sniffed;
  readonly textSql: string;
}

/** Looks at the columns that DuckDB takes for texts, and at those that a model knows to be written in its own way. */
function writtenOf(
  database: Database,
  { file, sniffed, textSql }: FileAsTexts,
  records: readonly (readonly string[])[],
): Promise<WrittenColumns> {
  const { name, delimiter, options } = file;
  const known = options.knownWritings ?? [];
  const missing = new Set(options.missingTexts ?? defaultMissingTexts);
  const decimal = decimalMarkOf(options);
  const isKnown = new Set(known.map((column) => column.name));
  const texts = sniffed.columns.flatMap((column, index) => {
    // With an option about marks, numbers too: some may have marks only further down than DuckDB looks.
    const isOpen = column.type === "VARCHAR" || (decimal !== undefined && isNumber(column.type));
    if (!isOpen && !isKnown.has(column.name)) return [];
    return [
      {
        column,
        examples: records.map((record) => record[index] ?? "").filter((text) => text.trim() !== "" && !missing.has(text)),
      },
    ];
  });
  const settings = { decimal, dateOrder: options.dateOrder, known };
  return writtenColumns(database, { name, sql: textSql, delimiter }, texts, settings);
}

function numbersOnly({ writings }: Pick<WrittenColumns, "writings">): ReadonlyMap<string, Writing> {
  return new Map([...writings].filter(([, { kind }]) => kind === "number"));
}

function isWhole(type: string): boolean {
  return /^(BIGINT|INTEGER|HUGEINT)$/.test(type);
}

function isNumber(type: string): boolean {
  return isWhole(type) || /^(DOUBLE|DECIMAL.*)$/.test(type);
}

/** Reads the first bytes. @throws NomalyError FILE_FORMAT for an empty file and binary content. */
function headOf(path: string, name: string): Buffer {
  const head = readHead(path);
  if (head.length === 0) throw new NomalyError("FILE_FORMAT", `${name} is empty`, { field: name });
  const zeroAt = head.indexOf(0);
  if (zeroAt < 0) return head;
  const message = `${name} is not text: byte ${zeroAt} is zero; give it the ending of its format, such as .parquet or .arrow`;
  throw new NomalyError("FILE_FORMAT", message, { field: name });
}

/** The first bytes of the table. */
function headText(head: Buffer, { sizeBytes }: CsvBeginning): string {
  return new TextDecoder().decode(head.subarray(sizeBytes));
}

interface Sniffed {
  readonly header: boolean;
  readonly columns: readonly RelationColumn[];
}

async function sniff(database: Database, file: CsvFile, firstRecord: readonly string[]): Promise<Sniffed> {
  const { options } = file;
  const isHeader = options.header ?? (namesAllButFirst(firstRecord) ? true : undefined);
  const header = isHeader === undefined ? "" : `, header=${isHeader}`;
  const sniffWith = async (more: string) => {
    const sql = `SELECT HasHeader, Columns, DateFormat, TimestampFormat FROM sniff_csv(${sqlPath(file.path)}, ${dialectSql(file)}${header}, sample_size=${sampleRowCount}${more})`;
    return (await database.rows(sql))[0] as unknown as SniffRow;
  };
  try {
    let row = await sniffWith("");
    // DuckDB guesses one order of day and month for the whole file from its first rows: only ISO dates are left to it.
    if (row.DateFormat !== null) row = await sniffWith(", dateformat='%Y-%m-%d'");
    // DuckDB takes a first row for names where all columns are texts.
    if (options.header === undefined && row.HasHeader && isRowOfValues(firstRecord, row.Columns))
      row = await sniffWith(", header=false");
    const isGuessed = row.TimestampFormat !== null;
    const typed = row.Columns.map((column) =>
      isGuessed && column.type === "TIMESTAMP" ? { ...column, type: "VARCHAR" } : column,
    );
    // DuckDB trims the blanks around names.
    const names = () => firstRecord.map((field) => field.trim());
    const columns = row.HasHeader ? namedByPlace(await named(typed, names), firstRecord) : namedByPlace(typed);
    return { header: row.HasHeader, columns };
  } catch (error) {
    // The sniffer reports only that no dialect fits; reading the rows as text reports the line.
    const columns = firstRecord.map((_, index) => ({ name: `column${index}`, type: "VARCHAR" }));
    const strict = readCsv(file, { header: options.header ?? true }, columns);
    await database.rows(`SELECT count(DISTINCT hash(${columns.map(({ name }) => sqlName(name)).join(", ")})) FROM ${strict}`);
    throw error;
  }
}

/** DuckDB takes a column of numbers whose first is infinite for texts: where all that it looks at are numbers, it is one of numbers. */
async function withInfiniteFirst(
  database: Database,
  file: CsvFile,
  sniffed: Sniffed,
  records: readonly (readonly string[])[],
): Promise<Sniffed> {
  const first = records[sniffed.header ? 1 : 0] ?? [];
  const doubted = sniffed.columns.filter(({ type }, index) => type === "VARCHAR" && isInfinite(first[index] ?? ""));
  if (doubted.length === 0) return sniffed;
  const texts = sniffed.columns.map((column) => ({ ...column, type: "VARCHAR" }));
  const areNumbers = doubted.map((column, index) => {
    const text = columnSql(column);
    return `bool_and(${text} IS NULL OR TRY_CAST(${text} AS DOUBLE) IS NOT NULL) AS c${index}`;
  });
  const sample = `SELECT * FROM ${readCsv(file, sniffed, texts)} LIMIT ${sampleRowCount}`;
  const [row] = await database.rows(`SELECT ${areNumbers.join(", ")} FROM (${sample})`);
  const numbers = new Set(doubted.filter((_column, index) => row[`c${index}`] === true));
  const columns = sniffed.columns.map((column) => (numbers.has(column) ? { ...column, type: "DOUBLE" } : column));
  return { ...sniffed, columns };
}

function isInfinite(text: string): boolean {
  return /^[-+]?inf(?:inity)?$/i.test(text.trim());
}

/** Numbers and dates as people write them, in columns of texts. */
function isRowOfValues(record: readonly string[], columns: readonly RelationColumn[]): boolean {
  return columns.every(({ type }) => type === "VARCHAR") && record.every((text) => isNumberLike(text) || isDateLike(text));
}

interface SniffRow {
  readonly HasHeader: boolean;
  readonly Columns: readonly RelationColumn[];
  readonly DateFormat: string | null;
  readonly TimestampFormat: string | null;
}

function dialectSql({ delimiter, options, beginning, memoryMib = memoryMibOfSmallBuffer }: CsvFile): string {
  const missing = (options.missingTexts ?? defaultMissingTexts).map(sqlText).join(", ");
  const decimal = options.decimalComma === true ? ", decimal_separator=','" : "";
  const buffer = memoryMib < memoryMibOfSmallBuffer ? `, buffer_size=${smallBufferSizeBytes}` : "";
  // Lines can be filled on one thread only.
  const filled = options.fillShortRows === true ? ", null_padding=true, parallel=false" : "";
  return `delim=${sqlText(delimiter)}, quote='"', escape='"', comment='', skip=${beginning.lineCount}, nullstr=[${missing}]${decimal}${buffer}${filled}`;
}

function readCsv(file: CsvFile, sniffed: Pick<Sniffed, "header">, columns: readonly RelationColumn[]): string {
  const types = columns.map(({ name, alias = name, type }) => `${sqlText(alias)}: ${sqlText(type)}`).join(", ");
  return (
    `read_csv(${sqlPath(file.path)}, auto_detect=false, strict_mode=true, hive_partitioning=false, header=${sniffed.header}, ` +
    `${dialectSql(file)}, columns={${types}})`
  );
}
