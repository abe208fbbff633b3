/** Reads a data set's whole file: checks that it can be read, counts its rows, and profiles its columns. */

import { NomalyError } from "@nomaly/detect";
import { isOutOfMemory } from "./read-error.ts";
import { sqlText } from "./database.ts";
import { columnSql, kindOfType } from "./relation.ts";
import type { Source } from "./source.ts";
import type { ColumnSummary, Finding, Inspected } from "../read/shown-file.ts";
import { storedNotes, tableNotes } from "../read/table-notes.ts";
import { exactWhereSmall } from "./exact-profile.ts";

const columnCountMax = 10_000;
const mostlyMissingShare = 0.5;
/** DuckDB estimates distinct counts to a few per cent, in small tables to 20 %. */
const distinctShareOfIdentifier = 0.9;
const categoryCountMax = 100;
const rowsToJudge = 20;

/** @throws NomalyError FILE_FORMAT, TOO_LARGE naming the file, and DuckDB's errors. */
export async function inspectSource(source: Source, memoryMib = Infinity): Promise<Inspected> {
  const { columns, name } = source;
  if (columns.length > columnCountMax) {
    throw new NomalyError("TOO_LARGE", `${name} has ${columns.length} columns, at most ${columnCountMax} are taken`, {
      field: "file",
    });
  }
  for (const doubt of source.relation.doubts?.values() ?? []) throw doubt;
  const { summary, query } = await summarize(source, memoryMib);
  const rowCount = Number(summary[0]?.["count"] ?? 0);
  if (rowCount === 0) throw new NomalyError("FILE_FORMAT", `${name} has no rows`, { field: "file" });
  const estimated = summary.map((row, index) => columnSummary(columns[index].name, row));
  const profiles = await exactWhereSmall(source.database, { query, profiles: estimated, rowCount }, memoryMib);
  return {
    format: source.format,
    rowCount,
    usableCount: profiles.filter(({ kind }) => kind !== null).length,
    columns: columns.map(({ name: column, type }) => ({ name: column, type })),
    infinite: await infiniteCounts(source, profiles),
    notes: storedNotes(tableNotes(source)),
    profile: { n_samples: rowCount, columns: profiles, findings: profiles.flatMap((column) => findingsOf(column, rowCount)) },
  };
}

interface Summary {
  readonly summary: readonly Readonly<Record<string, unknown>>[];
  /** The query whose rows were summarised. */
  readonly query: string;
}

/** The standard deviation of larger values overflows. */
const usableMax = 1e150;

/** Columns summarised in one pass: DuckDB takes long to plan a query of many. */
const summarizedColumnCountMax = 500;
const summarizedColumnCountMin = 50;
/** SUMMARIZE takes up to two megabytes a column, of which DuckDB's memory limit counts only a part. */
const mibOfColumn = 2;

async function summarize(source: Source, memoryMib: number): Promise<Summary> {
  const { columns, sql } = source.relation;
  const summary: Readonly<Record<string, unknown>>[] = [];
  const figures: string[] = [];
  const count = Math.min(summarizedColumnCountMax, Math.max(summarizedColumnCountMin, Math.floor(memoryMib / mibOfColumn)));
  for (let start = 0; start < columns.length; start += count) {
    const end = Math.min(columns.length, start + count);
    for (const group of await summarizeGroups(source, start, end)) {
      summary.push(...group.summary);
      figures.push(...group.figures);
    }
  }
  return { summary, query: `SELECT ${figures.join(", ")} FROM ${sql}` };
}

interface Summarized {
  readonly summary: Summary["summary"];
  readonly figures: readonly string[];
}

/** Summarises the columns in one pass, or in halves if memory is short. */
async function summarizeGroups(source: Source, start: number, end: number): Promise<readonly Summarized[]> {
  try {
    return [await summarizeColumns(source, start, end)];
  } catch (error) {
    if (!isOutOfMemory(error) || end - start === 1) throw error;
    const middle = Math.ceil((start + end) / 2);
    return [...(await summarizeGroups(source, start, middle)), ...(await summarizeGroups(source, middle, end))];
  }
}

/** DuckDB fails on the deviation of infinite or huge values: infinite ones are left out, and huge ones too if they made it fail. */
async function summarizeColumns({ database, relation }: Source, start: number, end: number): Promise<Summarized> {
  const figuresWhere = (condition: (name: string) => string) =>
    relation.columns.slice(start, end).map((given, index) => {
      const column = columnSql(given);
      return `${presentSql(column, given.type, condition)} AS c${start + index}`;
    });
  const summaryOf = (figures: readonly string[]) => database.rows(`SUMMARIZE SELECT ${figures.join(", ")} FROM ${relation.sql}`);
  const figures = figuresWhere((column) => `isfinite(${column})`);
  try {
    return { summary: await summaryOf(figures), figures };
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("out of range")) throw error;
    const moderate = figuresWhere((column) => `abs(${column}) < ${usableMax}`);
    return { summary: await summaryOf(moderate), figures: moderate };
  }
}

/** Columns whose infinite numbers are counted in one pass. */
const countedColumnCountMax = 500;

/** Counts the infinite numbers among the missing values. */
async function infiniteCounts(
  { database, relation }: Source,
  profiles: readonly ColumnSummary[],
): Promise<Inspected["infinite"]> {
  const maybe = relation.columns.filter(({ type }, index) => isFloat(type) && profiles[index].missing_count > 0);
  const counts: { column: string; count: number }[] = [];
  for (let start = 0; start < maybe.length; start += countedColumnCountMax) {
    const group = maybe.slice(start, start + countedColumnCountMax);
    const counted = group.map((column, index) => `count_if(isinf(${columnSql(column)})) AS c${index}`);
    const [row] = await database.rows(`SELECT ${counted.join(", ")} FROM ${relation.sql}`);
    counts.push(...group.map(({ name }, index) => ({ column: name, count: Number(row[`c${index}`]) })));
  }
  return counts.filter(({ count }) => count > 0);
}

function isFloat(type: string): boolean {
  return /^(FLOAT|DOUBLE)$/.test(type);
}

/** Characters that blank texts consist of, as in the library's rule of what is missing. */
const blanks = sqlText(" \t\n\v\f\r\u00a0");

/** SQL that is null where the value counts as missing. @param isUsual the SQL condition that a float must meet. */
function presentSql(column: string, type: string, isUsual: (column: string) => string): string {
  if (isFloat(type)) return `CASE WHEN ${isUsual(column)} THEN ${column} END`;
  return type === "VARCHAR" ? `CASE WHEN trim(${column}, ${blanks}) <> '' THEN ${column} END` : column;
}

function columnSummary(name: string, row: Readonly<Record<string, unknown>>): ColumnSummary {
  const type = String(row["column_type"]);
  const kind = kindOfType(type) ?? null;
  const isNumeric = kind === "number";
  const quartiles = ["q25", "q50", "q75"].map((name) => numberOf(row[name]));
  const [low, middle, high] = quartiles;
  return {
    name,
    type,
    kind,
    missing_count: 0,
    missing_share: (numberOf(row["null_percentage"]) ?? 0) / 100,
    distinct_count: numberOf(row["approx_unique"]) ?? 0,
    is_estimated: true,
    min: textOf(row["min"]),
    max: textOf(row["max"]),
    mean: isNumeric ? numberOf(row["avg"]) : null,
    std: isNumeric ? numberOf(row["std"]) : null,
    quartiles: isNumeric && low !== null && middle !== null && high !== null ? [low, middle, high] : null,
  };
}

function findingsOf(column: ColumnSummary, rowCount: number): Finding[] {
  const { name, kind, type, missing_share: missing, distinct_count: distinct } = column;
  const say = (code: Finding["code"], detail: string): Finding => ({ code, column: name, detail });
  if (kind === null) return [say("unusable_type", `detectors cannot use values of type ${type}; the data set keeps them`)];
  const findings: Finding[] = [];
  const percent = `${(missing * 100).toFixed(missing < 0.01 ? 2 : 0)} %`;
  const lacking = kind === "number" ? "missing or not finite" : "missing";
  if (missing >= mostlyMissingShare) findings.push(say("mostly_missing", `${percent} of the values are ${lacking}`));
  else if (missing > 0)
    findings.push(
      say(
        "missing_values",
        `${percent} of the values are ${lacking}: the detector's option "missing" decides how they are handled`,
      ),
    );
  if (rowCount >= rowsToJudge && column.min === column.max)
    findings.push(say("constant", "all its values are equal: it tells nothing about a row"));
  if (kind === "text" && rowCount >= rowsToJudge) {
    if (distinct >= rowCount * distinctShareOfIdentifier)
      findings.push(say("identifier", "nearly all its texts differ: detectors leave it out"));
    else if (distinct > categoryCountMax) findings.push(say("many_categories", `about ${distinct} different texts`));
  }
  return findings;
}

function numberOf(value: unknown): number | null {
  const number = value === null || value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Letters shown of a column's least and greatest text. */
const extremeTextLengthMax = 200;

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, extremeTextLengthMax);
}
