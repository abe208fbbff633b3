/** Writes the rows of a source with their scores: all original columns, in their order, then the added ones. */

import { BIGINT, BOOLEAN, DOUBLE, DuckDBTableFunction, type DuckDBValue, type DuckDBVector, VARCHAR } from "@duckdb/node-api";
import { type Predictions, throwIfAborted } from "@nomaly/detect";
import { copySql, type Output, selectSql } from "../copy-rows.ts";
import { databaseMessage } from "../database.ts";
import { writeError } from "../../write/destination.ts";
import type { FormatAndCompression } from "../../read/format.ts";
import { inDialect, outputDialect, type TextDialect } from "./output-dialect.ts";
import { columnSql } from "../relation.ts";
import type { ScoredRows, ScoredTarget } from "../../write/row-sink.ts";
import { scoreColumns } from "../../write/score-columns.ts";
import { selectionSql } from "./selection-sql.ts";
import type { Source } from "../source.ts";
import { safeColumns } from "./spreadsheet-safe.ts";

/** Rows that DuckDB takes in one call. */
const chunkRowCount = 2048;
let functionCount = 0;
/** Name of the column, among those of the table function, that numbers the rows: only sorting needs it. */
const rowName = "row_index";
const selected = { score: "scores.c0", isAnomaly: "scores.c1", row: `scores.${rowName}` };

/** The {@link RowSink} of a source. */
export async function writeScored(source: Source, scored: ScoredRows, target: ScoredTarget, signal: AbortSignal): Promise<void> {
  const { destination } = target;
  source.requireUnchanged();
  const scores = { functionName: `nomaly_scores_${++functionCount}`, columns: scoresOf(scored), scored };
  source.database.registerTableFunction(scoresFunction(scores));
  const outputs = await scoredOutputs(source, target, scores);
  try {
    await writeFirst(source, outputs, target);
  } catch (error) {
    destination.discard();
    throwIfAborted(signal);
    throw writeError(destination.name, databaseMessage(error), error);
  }
  await destination.commit();
}

/** Tries each query in turn, as a column of whole numbers may hold one that is too large for BIGINT. */
async function writeFirst(source: Source, outputs: readonly Output[], { destination, format }: ScoredTarget): Promise<void> {
  for (const [index, output] of outputs.entries()) {
    try {
      await writeOutput(source, output, { path: destination.temporaryPath, format, dialect: dialectOf(source, format) });
      return;
    } catch (error) {
      if (index === outputs.length - 1) throw error;
    }
  }
}

interface WrittenFile {
  readonly path: string;
  readonly format: FormatAndCompression;
  /** Of a text file. */
  readonly dialect: TextDialect | undefined;
}

async function writeOutput(
  { database }: Source,
  output: Output,
  { path, format: { format, gzip }, dialect }: WrittenFile,
): Promise<void> {
  if (format !== "arrow") return database.run(copySql(output, path, { format, gzip, delimiter: dialect?.delimiter }));
  const { writeArrow } = await import("../arrow/arrow-write.ts");
  const names = output.columns.map(({ name }) => name);
  await writeArrow(database, { select: selectSql(output), names }, path);
}

async function scoredOutputs(
  source: Source,
  { format, isSpreadsheetSafe = false, selection }: ScoredTarget,
  { functionName, columns: given, scored: { reasons, members } }: GivenScores,
): Promise<Output[]> {
  const { relation } = source;
  const names = relation.columns.map(({ name }) => name);
  const detectorIds = members?.map(({ detectorId }) => detectorId);
  const { added, replaced } = scoreColumns(names, { reasons: reasons !== undefined, detectorIds });
  const kept = relation.columns
    .filter(({ name }) => !replaced.includes(name))
    .map((column) => ({ name: column.name, sql: `rows.${columnSql(column)}`, type: column.type }));
  const dialect = dialectOf(source, format);
  const scores = added.map((name, index) => ({ name, sql: `scores.c${index}`, type: given[index].type }));
  // The texts of a CSV file stay as they are; numbers of other files are written as the scores.
  const columns = dialect === undefined ? [...kept, ...scores] : [...kept, ...inDialect(scores, dialect)];
  return (await readings(source, format)).map((reading) => ({
    columns: isSpreadsheetSafe ? safeColumns(columns) : columns,
    from: `${reading} AS rows POSITIONAL JOIN ${functionName}() AS scores${selectionSql(selection, selected)}`,
  }));
}

function dialectOf({ format: read, relation }: Source, { format }: FormatAndCompression): TextDialect | undefined {
  return format === "csv" || format === "tsv" ? outputDialect({ format: read, dialect: relation.dialect }, format) : undefined;
}

/** Text formats keep the original texts of dates, CSV those of all values. */
async function readings(source: Source, { format }: FormatAndCompression): Promise<string[]> {
  const { relation } = source;
  const isCsv = format === "csv" || format === "tsv";
  if (isCsv && relation.originalSql !== undefined) return [relation.originalSql];
  const dates = isCsv || format === "json" || format === "ndjson" ? "as texts" : "as dates";
  const typed = await relation.typedSql?.(await source.wholeColumns(), dates);
  return [...new Set([typed ?? relation.sql, relation.sql])];
}

/** Some rows: where they begin in the file, and what the model says of them. */
interface Judged extends Predictions {
  readonly firstRow: number;
}

interface AddedColumn {
  readonly type: "DOUBLE" | "BOOLEAN" | "VARCHAR";
  valueAt(rows: Judged, index: number): number | boolean | string | null;
}

interface GivenScores {
  readonly functionName: string;
  readonly columns: readonly AddedColumn[];
  readonly scored: ScoredRows;
}

/** In the order of the columns that `scoreColumns` names. */
function scoresOf({ members = [], reasons }: ScoredRows): AddedColumn[] {
  return [
    { type: "DOUBLE", valueAt: ({ scores }, index) => scores[index] },
    { type: "BOOLEAN", valueAt: ({ labels }, index) => labels[index] === 1 },
    { type: "DOUBLE", valueAt: ({ ranks }, index) => ranks[index] },
    ...members.map(({ scores }): AddedColumn => ({
      type: "DOUBLE",
      valueAt: ({ firstRow }, index) => scores.at(firstRow + index),
    })),
    ...(reasons === undefined
      ? []
      : [{ type: "VARCHAR", valueAt: ({ firstRow }, index) => reasons.get(firstRow + index) ?? null } satisfies AddedColumn]),
  ];
}

/** A table function that gives DuckDB the scores in row order, for a positional join with the file's rows. */
function scoresFunction({ functionName, columns, scored: { model, scores: given, progress } }: GivenScores): DuckDBTableFunction {
  const types = { DOUBLE, BOOLEAN, VARCHAR };
  return DuckDBTableFunction.create({
    name: functionName,
    bindFunction(bind) {
      for (const [index, { type }] of columns.entries()) bind.addResultColumn(`c${index}`, types[type]);
      bind.addResultColumn(rowName, BIGINT);
      bind.setCardinality(given.rowCount, true);
    },
    initFunction(init) {
      init.setInitData({ nextRow: 0 });
      init.setMaxThreads(1);
    },
    mainFunction(info, chunk) {
      const cursor = info.getInitData() as { nextRow: number };
      const count = Math.min(chunkRowCount, given.rowCount - cursor.nextRow);
      chunk.rowCount = count;
      if (count === 0) return;
      const values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = given.at(cursor.nextRow + i);
      const { scores, labels, ranks } = model.judge(values);
      const rows = { firstRow: cursor.nextRow, scores, labels, ranks };
      for (const [at, column] of columns.entries()) {
        fillVector(chunk.getColumnVector(at), count, (index) => column.valueAt(rows, index));
      }
      fillVector(chunk.getColumnVector(columns.length), count, (index) => BigInt(cursor.nextRow + index));
      cursor.nextRow += count;
      progress?.(cursor.nextRow / given.rowCount);
    },
  });
}

function fillVector(vector: DuckDBVector, count: number, valueAt: (index: number) => DuckDBValue): void {
  for (let index = 0; index < count; index++) vector.setItem(index, valueAt(index));
  vector.flush();
}
