/** Scores a table with the live model of a detector and stores the scored rows as a result. */

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";
import type { ScoreFileOutcome } from "../../compute/work.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { newId } from "../../ids/ids.ts";
import { insertResult, type NewResult, resultById, type ResultRow } from "../../store/tables/results.ts";
import { change, earlierAnswer } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { type Explanation, explanationOf } from "./explain.ts";
import type { AnsweringModel } from "../detectors/live-model.ts";
import { withPlacedContent } from "../core/placed-content.ts";
import { requireQuota, requireSomeQuota } from "../core/quota.ts";
import { scoreSummary } from "./predict.ts";
import type { TableSource } from "../rows/rows-source.ts";
import { withScoredFile } from "./scored-file.ts";

export interface TableToScore {
  readonly detectorId: string;
  readonly source: TableSource | RowsGiven;
  /** Stores the reasons of the rows of highest score with the result. */
  readonly explain?: boolean;
  /** Set for a job, whose repeated attempts store no second result. */
  readonly job?: ScoringJob;
}

export interface ScoringJob {
  readonly id: string;
  /** The id of the result; by default the job's id. */
  readonly resultId?: string;
  readonly progress: (done: number) => void;
  /** Ends the job within the transaction that stores the result. */
  readonly completeIn?: (sql: Sql, scored: ScoredTable) => Promise<void>;
}

export interface ScoredTable {
  readonly model: AnsweringModel;
  readonly resultId: string;
  readonly rowCount: number;
  readonly anomalyCount: number;
  readonly scores: readonly ScoredRow[];
}

export interface ScoredRow {
  readonly anomaly_score: number;
  readonly is_anomaly: boolean;
  readonly rank: number;
  readonly reasons?: Explanation["rows"][number]["reasons"];
}

/** Larger Parquet files become blobs. */
const inlineBytesMax = 256 * 1024;
/** How many rows of a result get reasons. */
const explainedTop = 100;

/** Runs once for each idempotency key. @param shownMax the most rows whose scores the answer contains. */
export async function scoreTable(
  context: ServiceContext,
  call: Call,
  { detectorId, source, explain = false, job }: TableToScore,
  shownMax: number,
): Promise<ScoredTable> {
  const earlier = await earlierAnswer(context, call);
  if (earlier !== undefined) return earlier.response as ScoredTable;
  const resultId = job?.resultId ?? job?.id ?? newId();
  const stored = job === undefined ? undefined : await resultById(context.database, resultId);
  if (stored !== undefined) return tableOfResult(stored);
  await requireSomeQuota(context.database, context.config);
  const wanted = { shownRowCountMax: shownMax, ...(explain ? { explainTop: explainedTop } : {}) };
  return withScoredFile(context, call, { detectorId, source, wanted, progress: job?.progress }, async (scored) => {
    const { model, outcome, path } = scored;
    const explanation = explain ? explanationOf(outcome.top) : null;
    const { rowCount, anomalyCount } = outcome;
    const scores = shownRows(outcome, explanation);
    const { model_version, threshold } = model;
    const table = { model: { detector_id: detectorId, model_version, threshold }, resultId, rowCount, anomalyCount, scores };
    const summary = { ...scoreSummary(outcome), detector_id: detectorId, model_version };
    const result = {
      id: resultId,
      detectorId,
      datasetId: source.kind === "dataset" ? source.dataset.id : null,
      modelVersion: model_version,
      jobId: job?.id ?? null,
      summary: explanation === null ? summary : { ...summary, explanation },
    };
    return storeResult(context, call, { result, path, table, finish: async (sql, answer) => job?.completeIn?.(sql, answer) });
  });
}

interface ResultToStore {
  readonly result: Omit<NewResult, "content" | "sizeBytes">;
  readonly path: string;
  readonly table: ScoredTable;
  readonly finish: (sql: Sql, answer: ScoredTable) => Promise<void>;
}

async function storeResult(
  context: ServiceContext,
  call: Call,
  { result, path, table, finish }: ResultToStore,
): Promise<ScoredTable> {
  const sizeBytes = (await stat(path)).size;
  const content = await placeFile(context, path, sizeBytes);
  return withPlacedContent(context, content, async (commits) => {
    let isNew = false;
    const { value } = await change<ScoredTable>(context, call, {
      action: "result.create",
      subjectKind: "result",
      work: async (sql) => {
        await requireQuota(sql, sizeBytes, context.config);
        isNew = await insertResult(sql, { ...result, content, sizeBytes });
        // If another attempt of the same job has stored its result meanwhile, the answer describes that one.
        const stored = isNew ? undefined : await resultById(sql, result.id);
        const value = stored === undefined ? table : tableOfResult(stored);
        return { value, subjectId: result.id, details: { detector_id: result.detectorId } };
      },
      finish: async (sql, answer) => {
        await finish(sql, answer);
        if (isNew) commits();
      },
    });
    return value;
  });
}

/** The answer for a result that an earlier attempt stored. */
function tableOfResult({ id, detectorId, modelVersion, summary }: ResultRow): ScoredTable {
  const { n_samples, n_anomalies, threshold } = summary as Readonly<Record<string, number>>;
  const model = { detector_id: detectorId, model_version: modelVersion, threshold };
  return { model, resultId: id, rowCount: n_samples, anomalyCount: n_anomalies, scores: [] };
}

async function placeFile({ blobs }: ServiceContext, path: string, sizeBytes: number): Promise<NewResult["content"]> {
  if (sizeBytes <= inlineBytesMax) return { fileBytes: await readFile(path) };
  const { key } = await blobs.write("result", createReadStream(path), { sizeBytesMax: sizeBytes });
  return { blobKey: key };
}

function shownRows({ shown }: ScoreFileOutcome, explanation: Explanation | null): readonly ScoredRow[] {
  if (shown === undefined) return [];
  const { scores, labels, ranks } = shown;
  const reasons = new Map(explanation?.rows.map((row) => [row.row, row.reasons]));
  return Array.from(scores, (score, index) => {
    const row = { anomaly_score: score, is_anomaly: labels[index] === 1, rank: ranks[index] };
    const own = reasons.get(index);
    return own === undefined ? row : { ...row, reasons: own };
  });
}
