/** Trains new detectors, several at once, follows jobs to their end, and removes the detectors. */

import { setTimeout as delay } from "node:timers/promises";
import { isSuccess } from "../engine/tally.ts";
import { createConnection, type Reply } from "../http/connection.ts";
import type { Target } from "../target.ts";
import { answerBytesMax, callsOver, type JsonObject, type ServiceCalls } from "./service-calls.ts";
import { createTrainingCounts, type Outcome, type TrainingCounts } from "./training-counts.ts";

export interface TrainingPlan {
  readonly target: Target;
  readonly trainingCount: number;
  readonly concurrency: number;
  readonly algorithm: string;
  readonly rowTexts: readonly string[];
  /** Of each call, and from the start of a training to the end of its job. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onTraining?: (done: { readonly endedCount: number; readonly failureCount: number }) => void;
}

export interface TrainingResult {
  readonly counts: TrainingCounts;
  readonly elapsedMs: number;
  /** Ids of detectors that could not be removed. */
  readonly leftDetectors: readonly string[];
  readonly isStopped: boolean;
}

const jobIntervalMs = 100;
const checkIntervalMs = 50;

/** Never rejects for what the server does: each failure is counted. */
export async function runTrainings(plan: TrainingPlan): Promise<TrainingResult> {
  const { signal, concurrency, trainingCount } = plan;
  const counts = createTrainingCounts();
  const left: string[] = [];
  const start = performance.now();
  let startedCount = 0;
  const one = async () => {
    while (startedCount < trainingCount && !signal.aborted) {
      startedCount++;
      await trainOnce(plan, counts, left);
      plan.onTraining?.({ endedCount: counts.totalCount, failureCount: counts.totalCount - counts.totalTimes.count });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, trainingCount) }, one));
  return { counts, elapsedMs: performance.now() - start, leftDetectors: left, isStopped: signal.aborted };
}

/** A detector of its own for each training, removed afterwards, also where the test was stopped. */
async function trainOnce(
  { target, algorithm, rowTexts, timeoutMs, signal }: TrainingPlan,
  counts: TrainingCounts,
  left: string[],
): Promise<void> {
  const connection = createConnection({ endpoint: target.endpoint, timeoutMs, keptBytesMax: () => answerBytesMax });
  const stop = () => connection.close();
  signal.addEventListener("abort", stop, { once: true });
  const check = setInterval(() => connection.check(performance.now()), checkIntervalMs);
  const calls = callsOver(connection, target, rowTexts);
  try {
    const created = await calls.create(algorithm, `loadtest ${algorithm}`);
    const id = created.json?.["id"];
    if (typeof id !== "string") return counts.note(unread(created, false), 0);
    const start = performance.now();
    try {
      const outcome = await trained(calls, id, { deadline: start + timeoutMs, signal });
      counts.note(outcome, performance.now() - start);
    } finally {
      const { reply } = await calls.remove(id);
      if (reply.kind !== "answer" || !isSuccess(reply.answer.status)) left.push(id);
    }
  } finally {
    clearInterval(check);
    signal.removeEventListener("abort", stop);
    connection.close();
  }
}

interface Limits {
  readonly deadline: number;
  readonly signal: AbortSignal;
}

async function trained(calls: ServiceCalls, detectorId: string, limits: Limits): Promise<Outcome> {
  const asked = await calls.train(detectorId);
  const jobId = asked.json?.["job_id"];
  if (typeof jobId === "string") return jobEnd(calls, jobId, limits);
  return asked.json === undefined ? unread(asked, false) : timeOf(asked.json, false);
}

/** @returns once the job has ended; one that goes on at the deadline is cancelled. */
async function jobEnd(calls: ServiceCalls, id: string, { deadline, signal }: Limits): Promise<Outcome> {
  for (;;) {
    const asked = await calls.job(id);
    if (asked.json === undefined) return unread(asked, true);
    const { status, result, error } = asked.json;
    if (status === "succeeded") return timeOf((result ?? {}) as JsonObject, true);
    if (status === "failed" || status === "cancelled")
      return { kind: "failed", error: "job", wasJob: true, body: JSON.stringify(error) };
    if (signal.aborted || performance.now() >= deadline) {
      await calls.cancelJob(id);
      return signal.aborted
        ? { kind: "refused", reply: { kind: "stopped" }, wasJob: true }
        : { kind: "failed", error: "timeout", wasJob: true };
    }
    // Rejects only when the signal ends it, which the next turn sees.
    await delay(jobIntervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function timeOf(answer: JsonObject, wasJob: boolean): Outcome {
  const trainingMs = answer["training_time_ms"];
  if (typeof trainingMs !== "number") return { kind: "failed", error: "unreadable", wasJob };
  return { kind: "trained", trainingMs, wasJob };
}

function unread({ reply }: { readonly reply: Reply }, wasJob: boolean): Outcome {
  const isSuccessful = reply.kind === "answer" && isSuccess(reply.answer.status);
  return isSuccessful ? { kind: "failed", error: "unreadable", wasJob } : { kind: "refused", reply, wasJob };
}
