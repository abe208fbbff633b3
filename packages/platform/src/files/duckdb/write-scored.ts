/** Writes the rows of a source with their scores: all original columns, in their order, then the added ones. */

import { BOOLEAN, DOUBLE, DuckDBTableFunction, VARCHAR } from "@duckdb/node-api";
import { throwIfAborted } from "@nomaly/detect";
import { copySql, type Output, selectSql } from "./copy-rows.ts";
import { databaseMessage } from "./database.ts";
import { writeError } from "../write/destination.ts";
import type { FormatAndCompression } from "../read/format.ts";
import { columnSql } from "./relation.ts";
import type { ScoredRows, ScoredTarget } from "../write/row-sink.ts";
import { scoreColumnNames, scoreColumns } from "../write/score-columns.ts";
import type { Source } from "./source.ts";
import { safeColumns } from "./spreadsheet-safe.ts";

/** Rows that DuckDB takes in one call. */
const chunkRowCount = 2048;
let functionCount = 0;
/** Types of the columns that scoring adds. */
const scoreTypes = ["DOUBLE", "BOOLEAN", "DOUBLE", "VARCHAR"] as const;

/** The {@link RowSink} of a source. */
export async function writeScored(source: Source, scored: ScoredRows, target: ScoredTarget, signal: AbortSignal): Promise<void> {
  const { destination } = target;
  source.requireUnchanged();
  const functionName = `nomaly_scores_${++functionCount}`;
  source.database.registerTableFunction(scoresFunction(functionName, scored));
  const outputs = await scoredOutputs(source, target, functionName, scored.reasons !== undefined);
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
      await writeOutput(source, output, { path: destination.temporaryPath, format });
      return;
    } catch (error) {
      if (index === outputs.length - 1) throw error;
    }
  }
}

async function writeOutput(
  { database }: Source,
  output: Output,
  { path, format: { format, gzip } }: { readonly path: string; readonly format: FormatAndCompression },
): Promise<void> {
  if (format !== "arrow") return database.run(copySql(output, path, { format, gzip }));
  const { writeArrow } = await import("./arrow-write.ts");
  const names = output.columns.map(({ name }) => name);
  await writeArrow(database, { select: selectSql(output), names }, path);
}

async function scoredOutputs(
  source: Source,
  { format, isSpreadsheetSafe = false }: ScoredTarget,
  functionName: string,
  withReasons: boolean,
): Promise<Output[]> {
  const { relation } = source;
  const names = relation.columns.map(({ name }) => name);
  const { added, replaced } = scoreColumns(names, withReasons);
  const kept = relation.columns
    .filter(({ name }) => !replaced.includes(name))
    .map((column) => ({ name: column.name, sql: `rows.${columnSql(column)}`, type: column.type }));
  const scores = added.map((name, index) => ({ name, sql: `scores.${scoreColumnNames[index]}`, type: scoreTypes[index] }));
  const columns = [...kept, ...scores];
  return (await readings(source, format)).map((reading) => ({
    columns: isSpreadsheetSafe ? safeColumns(columns) : columns,
    from: `${reading} AS rows POSITIONAL JOIN ${functionName}() AS scores`,
  }));
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

/** A table function that gives DuckDB the scores in row order, for a positional join with the file's rows. */
function scoresFunction(name: string, { model, scores: given, reasons: texts, progress }: ScoredRows): DuckDBTableFunction {
  return DuckDBTableFunction.create({
    name,
    bindFunction(bind) {
      bind.addResultColumn("anomaly_score", DOUBLE);
      bind.addResultColumn("is_anomaly", BOOLEAN);
      bind.addResultColumn("rank", DOUBLE);
      bind.addResultColumn("reasons", VARCHAR);
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
      const { ranks: rankValues } = model.judge(values);
      const [scores, flags, ranks, reasons] = [0, 1, 2, 3].map((index) => chunk.getColumnVector(index));
      for (let i = 0; i < count; i++) {
        scores.setItem(i, values[i]);
        flags.setItem(i, values[i] > model.threshold);
        ranks.setItem(i, rankValues[i]);
        reasons.setItem(i, texts?.get(cursor.nextRow + i) ?? null);
      }
      for (const vector of [scores, flags, ranks, reasons]) vector.flush();
      cursor.nextRow += count;
      progress?.(cursor.nextRow / given.rowCount);
    },
  });
}
