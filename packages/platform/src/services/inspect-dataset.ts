/** Reads a data set's file once from end to end: that it can be read, how many rows it has, and what its columns are like. */

import { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";
import { sqlName } from "../files/database.ts";
import type { FileFormat } from "../files/format.ts";
import { readError } from "../files/read-error.ts";
import { kindOfType } from "../files/relation.ts";
import { openSource, type Source } from "../files/source.ts";
import { createTemporaryFiles } from "../files/temporary.ts";
import { exactWhereSmall } from "./exact-profile.ts";

export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  /** `null`: kept, and not used by detectors. */
  readonly kind: string | null;
  readonly missing_share: number;
  /** Estimated in large tables, as the quartiles are. */
  readonly distinct_count: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: number | null;
  readonly std: number | null;
  readonly quartiles: readonly [number, number, number] | null;
}

export interface Finding {
  readonly code: "constant" | "missing_values" | "mostly_missing" | "identifier" | "many_categories" | "unusable_type";
  readonly column: string;
  readonly detail: string;
}

export interface DatasetProfile {
  readonly n_samples: number;
  readonly columns: readonly ColumnProfile[];
  readonly findings: readonly Finding[];
}

export interface Inspected {
  readonly format: FileFormat;
  readonly rowCount: number;
  /** Columns that detectors can use. */
  readonly usableCount: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly profile: DatasetProfile;
}

export interface FileToRead {
  readonly path: string;
  /** As messages call it. */
  readonly name: string;
  readonly format?: FileFormat;
}

const columnCountMax = 10_000;
const arrowBytesMax = 64 * 1024 ** 2;
const mostlyMissingShare = 0.5;
/** DuckDB estimates distinct values to a few per cent, in small tables to a fifth. */
const distinctShareOfIdentifier = 0.9;
const categoryCountMax = 100;
const rowsToJudge = 20;

/** @throws NomalyError FILE_FORMAT, FILE_READ, TOO_LARGE naming the file, and the line or column where there is one. */
export function inspectDataset(file: FileToRead, signal: AbortSignal): Promise<Inspected> {
  return withSource(file, signal, async (source) => {
    const { columns } = source;
    if (columns.length > columnCountMax) {
      throw new NomalyError("TOO_LARGE", `${file.name} has ${columns.length} columns, at most ${columnCountMax} are taken`, {
        field: "file",
      });
    }
    const { summary, query } = await summarize(source);
    const rowCount = Number(summary[0]?.["count"] ?? 0);
    if (rowCount === 0) throw new NomalyError("FILE_FORMAT", `${file.name} has no rows`, { field: "file" });
    const profiles = await exactWhereSmall(source.database, { query, profiles: summary.map(columnProfile), rowCount });
    return {
      format: source.format,
      rowCount,
      usableCount: profiles.filter(({ kind }) => kind !== null).length,
      columns: columns.map(({ name, type }) => ({ name, type })),
      profile: { n_samples: rowCount, columns: profiles, findings: profiles.flatMap((column) => findingsOf(column, rowCount)) },
    };
  });
}

interface Summary {
  readonly summary: readonly Readonly<Record<string, unknown>>[];
  /** What was summarised. */
  readonly query: string;
}

/** Squares of larger values, as a deviation has them, overflow. */
const usableMax = 1e150;

/** Columns summarised in one reading: the figures of each take memory, and many together take long to plan. */
const summarizedColumnCountMax = 1000;

async function summarize(source: Source): Promise<Summary> {
  const summary: Readonly<Record<string, unknown>>[] = [];
  const figures: string[] = [];
  for (let start = 0; start < source.columns.length; start += summarizedColumnCountMax) {
    const columns = source.columns.slice(start, start + summarizedColumnCountMax);
    const group = await summarizeColumns(source, columns);
    summary.push(...group.summary);
    figures.push(...group.figures);
  }
  return { summary, query: `SELECT ${figures.join(", ")} FROM ${source.relation.sql}` };
}

/** DuckDB fails on the deviation of infinities and of huge values: no figure counts the former, and where there are such, the latter. */
async function summarizeColumns(
  { database, relation }: Source,
  columns: Source["columns"],
): Promise<{ readonly summary: Summary["summary"]; readonly figures: readonly string[] }> {
  const figuresWhere = (condition: (name: string) => string) =>
    columns.map(({ name, type }) => {
      const column = sqlName(name);
      return /^(FLOAT|DOUBLE)$/.test(type) ? `CASE WHEN ${condition(column)} THEN ${column} END AS ${column}` : column;
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

/** Rows as objects, from `offset` on. */
export function readRows(
  file: FileToRead,
  { offset, limit }: { readonly offset: number; readonly limit: number },
  signal: AbortSignal,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return withSource(file, signal, (source) =>
    source.database.rows(`SELECT * FROM ${source.relation.sql} LIMIT ${limit} OFFSET ${offset}`),
  );
}

async function withSource<Value>(
  file: FileToRead,
  signal: AbortSignal,
  work: (source: Source) => Promise<Value>,
): Promise<Value> {
  const temporary = createTemporaryFiles();
  try {
    const { path, format } = file;
    const given = format === undefined ? {} : { format };
    const options = { threadCount: 1, temporary, stdin: Readable.from([]), signal, arrowBytesMax, ...given };
    const source = await openSource(path, options);
    try {
      return await work(source);
    } catch (error) {
      throw readError(error, file.name, signal);
    } finally {
      source.close();
    }
  } catch (error) {
    throw named(error, file);
  } finally {
    temporary.removeAll();
  }
}

/** Messages of the file layer name the path: here it is an inner matter. */
function named(error: unknown, { path, name }: FileToRead): unknown {
  if (!(error instanceof NomalyError) || !error.message.includes(path)) return error;
  const { code, field, rowIndex, cause } = error;
  return new NomalyError(code, error.message.replaceAll(path, name), {
    ...(field === undefined ? {} : { field: field.replaceAll(path, "file") }),
    ...(rowIndex === undefined ? {} : { rowIndex }),
    cause,
  });
}

function columnProfile(row: Readonly<Record<string, unknown>>): ColumnProfile {
  const type = String(row["column_type"]);
  const kind = kindOfType(type) ?? null;
  const isNumeric = kind === "number";
  const quartiles = ["q25", "q50", "q75"].map((name) => numberOf(row[name]));
  const [low, middle, high] = quartiles;
  return {
    name: String(row["column_name"]),
    type,
    kind,
    missing_share: (numberOf(row["null_percentage"]) ?? 0) / 100,
    distinct_count: numberOf(row["approx_unique"]) ?? 0,
    min: textOf(row["min"]),
    max: textOf(row["max"]),
    mean: isNumeric ? numberOf(row["avg"]) : null,
    std: isNumeric ? numberOf(row["std"]) : null,
    quartiles: isNumeric && low !== null && middle !== null && high !== null ? [low, middle, high] : null,
  };
}

function findingsOf(column: ColumnProfile, rowCount: number): Finding[] {
  const { name, kind, type, missing_share: missing, distinct_count: distinct } = column;
  const say = (code: Finding["code"], detail: string): Finding => ({ code, column: name, detail });
  if (kind === null) return [say("unusable_type", `values of type ${type} are kept and not used`)];
  const findings: Finding[] = [];
  const percent = `${(missing * 100).toFixed(missing < 0.01 ? 2 : 0)} %`;
  const lacking = kind === "number" ? "missing or not finite" : "missing";
  if (missing >= mostlyMissingShare) findings.push(say("mostly_missing", `${percent} of the values are ${lacking}`));
  else if (missing > 0)
    findings.push(
      say(
        "missing_values",
        `${percent} of the values are ${lacking}: the detector's option "missing" says what becomes of missing ones`,
      ),
    );
  if (rowCount >= rowsToJudge && column.min === column.max)
    findings.push(say("constant", "it has one value only and says nothing"));
  if (kind === "text" && rowCount >= rowsToJudge) {
    if (distinct >= rowCount * distinctShareOfIdentifier)
      findings.push(say("identifier", "nearly all its texts differ: it is left out"));
    else if (distinct > categoryCountMax) findings.push(say("many_categories", `about ${distinct} different texts`));
  }
  return findings;
}

function numberOf(value: unknown): number | null {
  const number = value === null || value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

const shownTextLengthMax = 200;

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, shownTextLengthMax);
}
