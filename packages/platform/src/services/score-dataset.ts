/** Scores a whole table with the live model of a detector and stores the scored rows as a result. */

import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileGiven } from "../compute/work.ts";
import type { DatasetRow } from "../store/datasets.ts";
import { newId } from "../store/ids.ts";
import { insertResult, type NewResult } from "../store/results.ts";
import { change } from "./change.ts";
import type { Call, ServiceContext } from "./context.ts";
import { liveModel, type LiveModel } from "./live-model.ts";
import { scoreSummary } from "./predict.ts";
import { withDatasetFile } from "./rows-source.ts";

export interface TableToScore {
  readonly detectorId: string;
  readonly source: { readonly kind: "dataset"; readonly dataset: DatasetRow } | { readonly kind: "lines"; readonly json: string };
  /** A repeated attempt of the same job stores nothing again. */
  readonly job?: { readonly id: string; readonly progress: (done: number) => void };
}

export interface ScoredTable {
  readonly model: LiveModel;
  readonly resultId: string;
  readonly rowCount: number;
  readonly anomalyCount: number;
  readonly scores: readonly ScoredRow[];
}

export interface ScoredRow {
  readonly anomaly_score: number;
  readonly is_anomaly: boolean;
  readonly rank: number;
}

/** Larger Parquet files lie among the blobs. */
const inlineBytesMax = 256 * 1024;

/** @param shownMax rows that are read back for the reply. */
export async function scoreTable(
  context: ServiceContext,
  call: Call,
  table: TableToScore,
  shownMax: number,
): Promise<ScoredTable> {
  const { detectorId, source, job } = table;
  const model = await liveModel(context, detectorId);
  const folder = await mkdtemp(join(tmpdir(), "nomaly-score-"));
  try {
    const outputPath = join(folder, "scored.parquet");
    const control = { signal: call.signal, ...(job === undefined ? {} : { progress: job.progress }) };
    const scoreFile = (input: FileGiven) =>
      context.compute.scoreFile({ model: { versionId: model.version_id }, input, outputPath }, control);
    const outcome =
      source.kind === "dataset"
        ? await withDatasetFile(context, source.dataset, call.signal, scoreFile)
        : await scoreFile(await fileOfLines(folder, source.json));
    const resultId = await storeResult(context, call, {
      id: job?.id ?? newId(),
      detectorId,
      datasetId: source.kind === "dataset" ? source.dataset.id : null,
      modelVersion: model.model_version,
      jobId: job?.id ?? null,
      summary: { ...scoreSummary(outcome), detector_id: detectorId, model_version: model.model_version },
      path: outputPath,
    });
    const scores = outcome.rowCount <= shownMax ? await readScores(outputPath, outcome.addedColumns, call.signal) : [];
    return { model, resultId, rowCount: outcome.rowCount, anomalyCount: outcome.anomalyCount, scores };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fileOfLines(folder: string, json: string): Promise<FileGiven> {
  const path = join(folder, "rows.ndjson");
  await writeFile(path, json);
  return { kind: "file", path, name: "data", format: "ndjson" };
}

interface ResultToStore extends Omit<NewResult, "content" | "sizeBytes"> {
  readonly path: string;
}

async function storeResult(context: ServiceContext, call: Call, { path, ...result }: ResultToStore): Promise<string> {
  const sizeBytes = (await stat(path)).size;
  const content = await placeFile(context, path, sizeBytes);
  let isNew = false;
  try {
    await change(
      context,
      { ...call, idempotency: undefined },
      {
        action: "result.create",
        subjectKind: "result",
        work: async (sql) => {
          isNew = await insertResult(sql, { ...result, content, sizeBytes });
          return { value: null, subjectId: result.id, tags: [] };
        },
      },
    );
  } finally {
    if (!isNew && "blobKey" in content) await context.blobs.remove(content.blobKey);
  }
  return result.id;
}

async function placeFile({ blobs }: ServiceContext, path: string, sizeBytes: number): Promise<NewResult["content"]> {
  if (sizeBytes <= inlineBytesMax) return { fileBytes: await readFile(path) };
  const { key } = await blobs.write("result", createReadStream(path), { sizeBytesMax: sizeBytes });
  return { blobKey: key };
}

async function readScores(path: string, addedColumns: readonly string[], signal: AbortSignal): Promise<readonly ScoredRow[]> {
  const { readRows } = await import("./inspect-dataset.ts");
  const rows = await readRows({ path, name: "result", format: "parquet" }, { offset: 0, limit: 1e9 }, signal);
  const [score, label, rank] = addedColumns;
  return rows.map((row) => ({ anomaly_score: Number(row[score]), is_anomaly: row[label] === true, rank: Number(row[rank]) }));
}
