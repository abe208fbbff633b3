/** Finds the text columns of a CSV file that are numbers or dates as people write them, from all their rows. */

import {
  type DateOrder,
  dateOrders,
  dateOfWriting,
  datePattern,
  type DecimalMark,
  type MessagePart,
  NomalyError,
  numberOfWriting,
  rowAtFault,
  type Writing,
} from "@nomaly/detect";
import { dateFinding, type DateFinding, isDateLike } from "../read/csv/date-finding.ts";
import { isNumberLike, numberFinding, type NumberFinding, type ShapeCounts } from "../read/csv/number-shapes.ts";
import type { KnownWriting } from "../read/csv/written-options.ts";
import { type Database, sqlText } from "./database.ts";
import { columnSql, type RelationColumn } from "./relation.ts";
import { shapeSql, writtenDateSql, writtenNumberSql } from "./written-sql.ts";

/** A file whose columns are all read as texts. */
export interface TextTable {
  /** Name in error messages. */
  readonly name: string;
  readonly sql: string;
  readonly delimiter: string;
}

export interface TextColumn {
  readonly column: RelationColumn;
  /** Its first texts, without missing ones. */
  readonly examples: readonly string[];
}

export interface WrittenSettings {
  readonly decimal: DecimalMark | undefined;
  readonly dateOrder: DateOrder | undefined;
  readonly known: readonly KnownWriting[];
}

export interface WrittenColumns {
  /** How the columns that are numbers or dates are written. */
  readonly writings: ReadonlyMap<string, Writing>;
  /** For columns that could be read in two ways, or hold mistakes: the error for whoever reads them. */
  readonly doubts: ReadonlyMap<string, NomalyError>;
  readonly notes: readonly string[];
}

/** Columns examined in one query. */
const columnCountAtOnce = 50;
/** Share of the first texts that must look like numbers or dates for all to be examined. */
const candidateShareMin = 0.5;

type Candidate = TextColumn & { readonly kind: "number" | "date" };

export async function writtenColumns(
  database: Database,
  table: TextTable,
  columns: readonly TextColumn[],
  settings: WrittenSettings,
): Promise<WrittenColumns> {
  const writings = new Map<string, Writing>();
  const doubts = new Map<string, NomalyError>();
  const notes: string[] = [];
  const known = new Map(settings.known.map(({ name, writing }) => [name, writing]));
  for (const { column } of columns) {
    const writing = known.get(column.name);
    if (writing === undefined || writing === "text") continue;
    writings.set(column.name, writing);
    const doubt = await misfit(database, table, column, writing);
    if (doubt !== undefined) doubts.set(column.name, doubt);
  }
  const candidates = columns.filter(({ column }) => !known.has(column.name)).flatMap((column) => candidate(column) ?? []);
  for (let start = 0; start < candidates.length; start += columnCountAtOnce) {
    const group = candidates.slice(start, start + columnCountAtOnce);
    const [row] = await database.rows(`SELECT ${group.map(countsSql).join(", ")} FROM ${table.sql}`);
    for (const [index, { column, kind }] of group.entries()) {
      const judged = kind === "number" ? judgeNumbers(row[`c${index}`], table, settings) : judgeDates(row[`c${index}`], settings);
      if (judged.writing !== undefined) writings.set(column.name, judged.writing);
      if (judged.note !== undefined) notes.push(judged.note(column.name));
      if (judged.doubt === undefined) continue;
      const place = await locate(database, table, column, judged.doubt.predicate(columnSql(column)));
      doubts.set(column.name, doubtError(table, column, judged.doubt, place));
    }
  }
  return { writings, doubts, notes: [...readingNotes(columns, writings), ...notes] };
}

/** Examples in a note. */
const exampleCountMax = 12;

/** How columns were read, with the example of each that has most marks. */
function readingNotes(columns: readonly TextColumn[], writings: ReadonlyMap<string, Writing>): string[] {
  const told = columns.flatMap(({ column: { name }, examples }) => {
    const writing = writings.get(name);
    const [example] = [...examples].sort((a, b) => b.length - a.length);
    if (writing === undefined || example === undefined) return [];
    const value = writing.kind === "number" ? numberOfWriting(example, writing) : dateOfWriting(example, writing);
    if (value === undefined) return [];
    const read = writing.kind === "number" ? String(value) : new Date(value).toISOString().replace(/(T00:00:00)?\.000Z$/, "");
    return [`${name} ("${example.trim()}" is ${read})`];
  });
  if (told.length === 0) return [];
  const more = told.length > exampleCountMax ? ` and ${told.length - exampleCountMax} more` : "";
  return [`read as people write numbers and dates: ${told.slice(0, exampleCountMax).join(", ")}${more}`];
}

/** The type of a column as the relation gives it. */
export function writtenType({ name, type }: RelationColumn, { writings }: Pick<WrittenColumns, "writings">): string {
  const writing = writings.get(name);
  return writing === undefined ? type : writing.kind === "number" ? "DOUBLE" : "TIMESTAMP";
}

/** SQL after FROM that reads the columns, those with a writing by it. @param read gives the SQL that reads columns as their types say. */
export function writtenSql(
  read: (columns: readonly RelationColumn[]) => string,
  columns: readonly RelationColumn[],
  { writings }: Pick<WrittenColumns, "writings">,
): string {
  if (!columns.some(({ name }) => writings.has(name))) return read(columns);
  const selected = columns.map((column) => {
    const name = columnSql(column);
    const writing = writings.get(column.name);
    if (writing === undefined) return name;
    const value = writing.kind === "number" ? writtenNumberSql(name, writing) : writtenDateSql(name, writing);
    return `${value} AS ${name}`;
  });
  const asTexts = columns.map((column) => (writings.has(column.name) ? { ...column, type: "VARCHAR" } : column));
  return `(SELECT ${selected.join(", ")} FROM ${read(asTexts)})`;
}

function candidate({ column, examples }: TextColumn): Candidate | undefined {
  const enough = Math.max(1, examples.length * candidateShareMin);
  if (examples.filter(isDateLike).length >= enough) return { column, examples, kind: "date" };
  // A column without values so far may hold anything further down.
  if (examples.length === 0 || examples.filter(isNumberLike).length >= enough) return { column, examples, kind: "number" };
  return undefined;
}

function countsSql({ column, kind }: Candidate, index: number): string {
  const name = columnSql(column);
  if (kind === "number") return `histogram(${shapeSql(name)}) AS c${index}`;
  const text = `trim(${name})`;
  const isDate = `regexp_full_match(${text}, ${sqlText(datePattern)})`;
  const isShort = `${isDate} AND regexp_full_match(${text}, '^\\d{1,2}\\D\\d{1,2}\\D\\d{1,2}(\\D.*)?$')`;
  const isSure = `${isShort} AND regexp_full_match(${text}, '^(\\d{1,2}/|\\d{2}[.-]\\d{2}[.-]\\d{2}(\\D|$)).*$')`;
  const valid = dateOrders.map((order) => `${order}: count(${writtenDateSql(name, { kind: "date", order })})`);
  return (
    `{total: count(CASE WHEN ${text} <> '' THEN 1 END), dateLike: count_if(${isDate}), shortYears: count_if(${isShort}), ` +
    `surelyDates: count_if(${isSure}), valid: {${valid.join(", ")}}} AS c${index}`
  );
}

/** Why a column cannot be read, and which texts show it. */
interface Doubt {
  readonly finding: NumberFinding | DateFinding;
  /** SQL that is true for a text to show. */
  readonly predicate: (column: string) => string;
}

interface Judged {
  readonly writing?: Writing;
  readonly doubt?: Doubt;
  readonly note?: (column: string) => string;
}

function judgeNumbers(counted: unknown, { delimiter }: TextTable, { decimal }: WrittenSettings): Judged {
  const finding = numberFinding(shapesOf(counted), { decimal, delimiter });
  const ofShapes = (shapes: readonly string[]) => (column: string) =>
    `${shapeSql(column)} IN (${shapes.map(sqlText).join(", ")})`;
  switch (finding.kind) {
    case "numbers":
      return { writing: finding.writing };
    case "no numbers":
      return {};
    case "perhaps lists":
      return {
        note: (name) =>
          `column ${name} holds pairs of numbers, which are taken as categories unless a decimal comma is asked for`,
      };
    case "two meanings":
      return { doubt: { finding, predicate: ofShapes([finding.shape]) } };
    case "mistakes":
      return { doubt: { finding, predicate: ofShapes(finding.shapes.slice(0, shapeCountMax)) } };
    case "several units":
      return { doubt: { finding, predicate: ofShapes(finding.shapes.slice(1)) } };
  }
}

/** Shapes in one query: a mistake of one of the first is as good as another. */
const shapeCountMax = 1000;

/** A DuckDB map as JSON. */
function shapesOf(counted: unknown): ShapeCounts {
  const entries = (counted ?? []) as readonly { readonly key: string; readonly value: unknown }[];
  return new Map(entries.map(({ key, value }) => [key, Number(value)]));
}

function judgeDates(counted: unknown, { dateOrder }: WrittenSettings): Judged {
  const { valid, ...counts } = counted as Record<string, unknown>;
  const number = (record: unknown, name: string) => Number((record as Record<string, unknown>)[name]);
  const finding = dateFinding(
    {
      total: number(counts, "total"),
      dateLike: number(counts, "dateLike"),
      shortYears: number(counts, "shortYears"),
      surelyDates: number(counts, "surelyDates"),
      valid: { dmy: number(valid, "dmy"), mdy: number(valid, "mdy"), ymd: number(valid, "ymd") },
    },
    dateOrder,
  );
  switch (finding.kind) {
    case "dates":
      return { writing: { kind: "date", order: finding.order } };
    case "no dates":
      return {};
    case "two orders":
    case "short years":
      return { doubt: { finding, predicate: (column) => `trim(${column}) <> ''` } };
    case "mistakes":
      return {
        doubt: {
          finding,
          predicate: (column) =>
            `trim(${column}) <> '' AND ${writtenDateSql(column, { kind: "date", order: finding.order })} IS NULL`,
        },
      };
  }
}

interface Place {
  readonly rowIndex: number;
  readonly text: string;
}

/** The first row for which the condition holds. */
async function locate(database: Database, table: TextTable, column: RelationColumn, condition: string): Promise<Place> {
  const name = columnSql(column);
  const numbered = `SELECT row_number() OVER () - 1 AS place, ${name} FROM ${table.sql}`;
  const [row] = await database.rows(
    `SELECT place, left(${name}, 60) AS text FROM (${numbered}) WHERE ${condition} ORDER BY place LIMIT 1`,
  );
  return { rowIndex: Number(row?.["place"] ?? 0), text: typeof row?.["text"] === "string" ? row["text"] : "" };
}

/** The error for the first text that a model's own writing cannot read. */
async function misfit(
  database: Database,
  table: TextTable,
  column: RelationColumn,
  writing: Writing,
): Promise<NomalyError | undefined> {
  const name = columnSql(column);
  const value = writing.kind === "number" ? writtenNumberSql(name, writing) : writtenDateSql(name, writing);
  const condition = `trim(${name}) <> '' AND ${value} IS NULL`;
  const [counts] = await database.rows(`SELECT count_if(${condition}) AS n FROM ${table.sql}`);
  if (Number(counts["n"]) === 0) return undefined;
  const { rowIndex, text } = await locate(database, table, column, condition);
  const what = writing.kind === "number" ? "a number" : "a date";
  const message = [
    `${table.name}: column "${column.name}" holds "${text}" in `,
    rowAtFault,
    `, which is not ${what} as the model learned to read them`,
  ];
  return new NomalyError("FILE_FORMAT", message, { field: column.name, expected: what, received: text, rowIndex });
}

function option(name: string, ...values: string[]): MessagePart {
  return { kind: "option", name, values };
}

function doubtError({ name }: TextTable, column: RelationColumn, { finding }: Doubt, { rowIndex, text }: Place): NomalyError {
  const holds: MessagePart[] = [`${name}: column "${column.name}" holds "${text}" in `, rowAtFault];
  const details = { field: column.name, received: text, rowIndex };
  const refuse = (expected: string, ...more: MessagePart[]) =>
    new NomalyError("FILE_FORMAT", [...holds, ...more], { ...details, expected });
  const otherwise = "; mend it, leave the column out, or declare it categorical";
  switch (finding.kind) {
    case "two meanings": {
      const [decimals, thousands] =
        finding.mark === ","
          ? [option("decimal_comma"), option("thousands", ",")]
          : [option("thousands", ","), option("thousands", ".")];
      return refuse(
        "thousands or decimals",
        ", and no value tells whether that mark is for decimals or thousands; pass ",
        decimals,
        " for decimals, or ",
        thousands,
        " for thousands",
      );
    }
    case "mistakes":
      return refuse(
        "order" in finding ? "a date" : "a number",
        "order" in finding ? ", which is no such date as the others" : `, which is not written as the other numbers are`,
        otherwise,
      );
    case "several units":
      return refuse(
        "one unit",
        `, while others are like ${finding.shapes[0].replaceAll(/[90]/g, "1")}: values of several units cannot be compared`,
        otherwise,
      );
    case "two orders":
      return refuse("a day above 12", ", and no value tells day from month; pass ", option("date_order", ...finding.orders));
    case "short years":
      return refuse("a year of four digits", ", whose year has two digits; pass ", option("date_order", ...dateOrders));
    case "numbers":
    case "no numbers":
    case "perhaps lists":
    case "dates":
    case "no dates":
      throw new Error(`internal: ${finding.kind} is no doubt`);
  }
}
