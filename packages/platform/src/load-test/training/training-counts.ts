/** Counts what became of trainings, and their times. */

import type { Reply } from "../http/connection.ts";
import type { ErrorKind } from "../http/error-kinds.ts";
import { createLatencyHistogram, type LatencyHistogram } from "../latency-histogram.ts";

/** `job`: it failed or was cancelled. `unreadable`: the answer is none of the service. */
export type TrainingError = ErrorKind | "job" | "unreadable";

/** What became of a training. */
export type Outcome =
  | { readonly kind: "trained"; readonly trainingMs: number; readonly wasJob: boolean }
  | { readonly kind: "refused"; readonly reply: Reply; readonly wasJob: boolean }
  | { readonly kind: "failed"; readonly error: TrainingError; readonly wasJob: boolean; readonly body?: string };

export interface TrainingCounts {
  note(outcome: Outcome, elapsedMs: number): void;
  readonly totalCount: number;
  /** What the service says that each training took, of those that succeeded. */
  readonly trainingTimes: LatencyHistogram;
  /** From the request to the model, also through a job. */
  readonly totalTimes: LatencyHistogram;
  readonly byStatus: ReadonlyMap<number, number>;
  readonly byError: ReadonlyMap<TrainingError, number>;
  readonly jobCount: number;
  /** The first answer that says why there is no model. */
  readonly firstRefusal: { readonly status: number; readonly body: string } | undefined;
}

export function createTrainingCounts(): TrainingCounts {
  const [trainingTimes, totalTimes] = [createLatencyHistogram(), createLatencyHistogram()];
  const byStatus = new Map<number, number>();
  const byError = new Map<TrainingError, number>();
  let [totalCount, jobCount] = [0, 0];
  let firstRefusal: TrainingCounts["firstRefusal"];

  function note(outcome: Outcome, elapsedMs: number): void {
    const error = errorOf(outcome);
    if (error === "stopped") return;
    totalCount++;
    if (outcome.wasJob) jobCount++;
    if (error !== undefined) addTo(byError, error);
    if (outcome.kind === "trained") {
      trainingTimes.record(outcome.trainingMs);
      totalTimes.record(elapsedMs);
      addTo(byStatus, outcome.wasJob ? 202 : 200);
    } else if (outcome.kind === "refused" && outcome.reply.kind === "answer") {
      const { status, body } = outcome.reply.answer;
      addTo(byStatus, status);
      firstRefusal ??= { status, body };
    } else if (outcome.kind === "failed" && outcome.body !== undefined) {
      firstRefusal ??= { status: 200, body: outcome.body };
    }
  }

  return {
    note,
    trainingTimes,
    totalTimes,
    byStatus,
    byError,
    get totalCount() {
      return totalCount;
    },
    get jobCount() {
      return jobCount;
    },
    get firstRefusal() {
      return firstRefusal;
    },
  };
}

function addTo<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function errorOf(outcome: Outcome): TrainingError | "stopped" | undefined {
  if (outcome.kind === "failed") return outcome.error;
  if (outcome.kind === "trained" || outcome.reply.kind === "answer") return undefined;
  return outcome.reply.kind === "stopped" ? "stopped" : outcome.reply.error;
}
