/** Counts what became of requests: by status, by kind of error, and the latencies of those that succeeded. */

import type { ErrorKind } from "../http/error-kinds.ts";
import type { Reply } from "../http/connection.ts";
import { createLatencyHistogram, type LatencyHistogram } from "../latency-histogram.ts";

export interface Tally {
  /** @param elapsedMs of a request that succeeded. */
  note(reply: Reply, elapsedMs: number): void;
  noteErrors(error: ErrorKind, count: number): void;
  readonly totalCount: number;
  /** Answered with a status of 200 to 299. */
  readonly successCount: number;
  readonly byStatus: ReadonlyMap<number, number>;
  readonly byError: ReadonlyMap<ErrorKind, number>;
  readonly latencies: LatencyHistogram;
  /** Status and beginning of the first answer that is no success. */
  readonly firstRefusal: { readonly status: number; readonly body: string } | undefined;
}

export function createTally(): Tally {
  const byStatus = new Map<number, number>();
  const byError = new Map<ErrorKind, number>();
  const latencies = createLatencyHistogram();
  let totalCount = 0;
  let firstRefusal: Tally["firstRefusal"];

  function noteErrors(error: ErrorKind, count: number): void {
    if (count === 0) return;
    totalCount += count;
    byError.set(error, (byError.get(error) ?? 0) + count);
  }

  return {
    note(reply, elapsedMs) {
      if (reply.kind === "stopped") return;
      if (reply.kind === "error") return noteErrors(reply.error, 1);
      const { status, body } = reply.answer;
      totalCount++;
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      if (isSuccess(status)) latencies.record(elapsedMs);
      else firstRefusal ??= { status, body };
    },
    noteErrors,
    get totalCount() {
      return totalCount;
    },
    get successCount() {
      return latencies.count;
    },
    byStatus,
    byError,
    latencies,
    get firstRefusal() {
      return firstRefusal;
    },
  };
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
