/** The load of the measurements, by the generator of `nomaly loadtest`. */

import { runLoad } from "../../packages/platform/src/load-test/engine/run-load.ts";
import { createConnection } from "../../packages/platform/src/load-test/http/connection.ts";
import { createLatencyHistogram, type LatencyHistogram } from "../../packages/platform/src/load-test/latency-histogram.ts";
import { findTarget } from "../../packages/platform/src/load-test/target.ts";

export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadOutcome {
  readonly seconds: number;
  /** Milliseconds, of replies below 300. */
  readonly accepted: Latencies;
  /** Milliseconds, of replies with status 503. */
  readonly refused: Latencies;
  /** Any other status, and requests without an answer. */
  readonly failed: number;
  readonly perSecond: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  /** Bodies sent in turn, in ASCII. */
  readonly bodies: readonly string[];
  readonly seconds: number;
  /** Connections opened beforehand. In the closed loop each sends again when its last reply has come. */
  readonly connections: number;
  /** Open loop: requests a second, sent whether or not replies come. */
  readonly ratePerSecond?: number;
}

const timeoutMs = 20_000;

/** Sends requests until its seconds are over. */
export async function load({ seconds, connections, ratePerSecond, ...sent }: LoadOptions): Promise<LoadOutcome> {
  const { target, requests } = await requestsOf(sent);
  const refusals = createLatencyHistogram();
  let next = 0;
  const { overall, elapsedMs } = await runLoad({
    target,
    concurrency: connections,
    ratePerSecond,
    durationMs: seconds * 1000,
    warmUpMs: 0,
    rampMs: 0,
    timeoutMs,
    sources: [{ name: sent.path, next: () => requests[next++ % requests.length] }],
    signal: new AbortController().signal,
    onReply: (reply, latencyMs) => {
      if (reply.kind === "answer" && reply.answer.status === 503) refusals.record(latencyMs);
    },
  });
  return {
    seconds: elapsedMs / 1000,
    accepted: latenciesOf(overall.latencies),
    refused: latenciesOf(refusals),
    failed: overall.totalCount - overall.successCount - refusals.count,
    perSecond: (overall.successCount * 1000) / elapsedMs,
  };
}

/** Milliseconds of each request, one after another on one connection. @throws when one is not answered well. */
export async function inTurn(sent: Pick<LoadOptions, "port" | "path" | "bodies">): Promise<number[]> {
  const { target, requests } = await requestsOf(sent);
  const connection = createConnection({ endpoint: target.endpoint, timeoutMs });
  await connection.open();
  const elapsed: number[] = [];
  try {
    for (const request of requests) {
      const start = performance.now();
      const reply = await connection.send(request);
      elapsed.push(performance.now() - start);
      if (reply.kind !== "answer" || reply.answer.status >= 300) throw new Error(`${sent.path}: ${JSON.stringify(reply)}`);
    }
  } finally {
    connection.close();
  }
  return elapsed;
}

async function requestsOf({ port, path, bodies }: Pick<LoadOptions, "port" | "path" | "bodies">) {
  const target = await findTarget({ url: `http://127.0.0.1:${port}`, apiKey: undefined, isOwned: false });
  return { target, requests: bodies.map((body) => target.request("POST", path, body)) };
}

function latenciesOf({ count, maxMs, percentileMs }: LatencyHistogram): Latencies {
  const max = maxMs ?? Number.NaN;
  // Of few values the longest is the one that 99 % do not exceed.
  return { count, p50: percentileMs(0.5) ?? max, p99: percentileMs(0.99) ?? max, max };
}
