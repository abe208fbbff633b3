/** Scores one table with many detectors: each gives its result or its error. */

import { createHash } from "node:crypto";
import { requireExplainable } from "../../compute/rows/predict-rows.ts";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";
import type { DatasetRow } from "../../store/tables/datasets.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { type PredictAnswer, answerRows } from "./predict.ts";
import { type ScoredTable, type ScoringJob, scoreTable } from "./score-dataset.ts";
import type { TableSource } from "../rows/rows-source.ts";

export type BatchOutcome =
  | { readonly kind: "predicted"; readonly predicted: PredictAnswer; readonly resultId?: string }
  | { readonly kind: "failed"; readonly error: unknown };

/** Detectors that score at once: each may hold the rows of the request in memory. */
const concurrencyMax = 8;
const shownMax = 10_000;

export interface BatchAsk {
  readonly detectorIds: readonly string[];
  readonly source: RowsGiven | TableSource;
  readonly explain: boolean;
}

/** Outcomes by detector id, in the order given; a repeated id is scored once. A failure does not stop the other detectors. */
export async function predictBatch(
  context: ServiceContext,
  call: Call,
  { detectorIds, source, explain }: BatchAsk,
): Promise<ReadonlyMap<string, BatchOutcome>> {
  if (source.kind === "rows" && explain) requireExplainable(source, new Set(detectorIds).size);
  return forEachDetector(call, detectorIds, async (detectorId): Promise<BatchOutcome> => {
    if (source.kind === "rows") {
      return { kind: "predicted", predicted: await answerRows(context, call, { detectorId, input: source, explain }) };
    }
    const scored = await scoreTable(context, callFor(call, detectorId), { detectorId, source, explain }, shownMax);
    const { model, rowCount, anomalyCount, resultId } = scored;
    const fragment = Buffer.from(JSON.stringify(scored.scores));
    return { kind: "predicted", predicted: { model, rowCount, anomalyCount, fragment, isCached: false }, resultId };
  });
}

/** Each detector's result is stored by itself, so each gets its own idempotency key. */
function callFor(call: Call, detectorId: string): Call {
  const { idempotency } = call;
  if (idempotency === undefined) return call;
  return { ...call, idempotency: { ...idempotency, key: `${idempotency.key} ${detectorId}` } };
}

export interface BatchJob extends Pick<ScoringJob, "id" | "progress"> {
  readonly detectorIds: readonly string[];
  readonly dataset: DatasetRow;
  readonly explain: boolean;
}

/** The outcome of each detector. Each result has its own id, the same in a repeated attempt. */
export async function runBatchJob(
  context: ServiceContext,
  call: Call,
  { id, progress, detectorIds, dataset, explain }: BatchJob,
): Promise<ReadonlyMap<string, ScoredTable | { readonly kind: "failed"; readonly error: unknown }>> {
  const done = new Map(detectorIds.map((detectorId) => [detectorId, 0]));
  return forEachDetector(call, detectorIds, (detectorId) => {
    const own = (share: number) => {
      done.set(detectorId, share);
      progress([...done.values()].reduce((sum, part) => sum + part, 0) / done.size);
    };
    const job = { id, resultId: resultIdOf(id, detectorId), progress: own };
    return scoreTable(context, call, { detectorId, source: { kind: "dataset", dataset }, explain, job }, 0);
  });
}

/** A result's id determines its partition by the time inside it: the job's time is kept. */
function resultIdOf(jobId: string, detectorId: string): string {
  const hex = createHash("sha256").update(`${jobId} ${detectorId}`).digest("hex");
  return `${jobId.slice(0, 13)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

async function forEachDetector<Outcome>(
  call: Call,
  detectorIds: readonly string[],
  predict: (detectorId: string) => Promise<Outcome>,
): Promise<ReadonlyMap<string, Outcome | { readonly kind: "failed"; readonly error: unknown }>> {
  const ids = [...new Set(detectorIds)];
  const outcomes = new Map<string, Outcome | { readonly kind: "failed"; readonly error: unknown }>();
  for (const id of ids) outcomes.set(id, { kind: "failed", error: undefined });
  const waiting = ids.values();
  const work = async () => {
    for (const id of waiting) {
      try {
        outcomes.set(id, await predict(id));
      } catch (error) {
        if (call.signal.aborted) throw error;
        outcomes.set(id, { kind: "failed", error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrencyMax, ids.length) }, work));
  return outcomes;
}
