/** Keeps the metrics up to date: by the stream of samples, and by asking every 5 seconds while the stream is cut. */

import { type Client, type PerformanceMetrics, type PerformanceSample, ServiceError } from "nomaly/client";

/** How the numbers come. */
export type LiveState =
  /** Nothing has come yet. */
  | "loading"
  /** Each second, by the stream. */
  | "live"
  /** Every 5 seconds, as the stream is cut. */
  | "polled"
  /** None come: those shown are old. */
  | "stale"
  /** The service wants a key, or another one. */
  | "refused";

export interface Live {
  readonly state: LiveState;
  readonly metrics: PerformanceMetrics | undefined;
  /** When the last numbers came, milliseconds since 1970; undefined before the first. */
  readonly receivedAt: number | undefined;
  /** Why none come. */
  readonly problem: string | undefined;
}

export const nothingYet: Live = { state: "loading", metrics: undefined, receivedAt: undefined, problem: undefined };

export const pollMs = 5000;
/** After so long without a number, those shown are stale. */
const silenceMsMax = 10_000;
const keptSampleCount = 100;

/** Calls `show` with every change until the signal. */
export async function followMetrics(client: Client, show: (live: Live) => void, signal: AbortSignal): Promise<void> {
  let live = nothingYet;
  const set = (change: Partial<Live>) => {
    if (signal.aborted) return;
    live = { ...live, ...change };
    show(live);
  };
  const receive = (state: LiveState, metrics: PerformanceMetrics) =>
    set({ state, metrics, receivedAt: Date.now(), problem: undefined });
  const fail = (error: unknown) => {
    const refused = error instanceof ServiceError && (error.status === 401 || error.status === 403);
    set({ state: refused ? "refused" : live.metrics === undefined ? "loading" : "stale", problem: problemOf(error) });
    return refused;
  };

  while (!signal.aborted) {
    try {
      receive(live.state === "live" ? "live" : "polled", await client.performance.metrics({ signal }));
      const take = (sample: PerformanceSample) => {
        if (live.metrics !== undefined) receive("live", withSample(live.metrics, sample));
      };
      // The stream has no endpoints.
      const ask = async (until: AbortSignal) => receive("live", await client.performance.metrics({ signal: until }));
      await followStream(client, take, { signal, beside: { everyMs: pollMs, run: ask } });
    } catch (error) {
      if (signal.aborted || fail(error)) return;
    }
    await pause(pollMs, signal);
  }
}

interface Beside {
  readonly everyMs: number;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Takes samples until none comes for a while. Runs `beside` again and again meanwhile. */
async function followStream(
  client: Client,
  take: (sample: PerformanceSample) => void,
  { signal, beside }: { readonly signal: AbortSignal; readonly beside: Beside },
): Promise<void> {
  const silence = new AbortController();
  const ending = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), silenceMsMax);
  // What it fails of, the stream fails of, too.
  const again = setInterval(() => void beside.run(ending).catch(() => undefined), beside.everyMs);
  try {
    for await (const sample of client.performance.samples({ signal: ending })) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMsMax);
      take(sample);
    }
  } catch (error) {
    // The next ask tells whether the service itself is away.
    if (error instanceof ServiceError && error.status === 401) throw error;
  } finally {
    clearTimeout(timer);
    clearInterval(again);
    silence.abort();
  }
}

function withSample(metrics: PerformanceMetrics, sample: PerformanceSample): PerformanceMetrics {
  const samples = metrics.samples.filter(({ timestamp }) => timestamp < sample.timestamp);
  return { ...metrics, ...sample, samples: [...samples, sample].slice(-keptSampleCount) };
}

function problemOf(error: unknown): string {
  if (error instanceof ServiceError) return error.code === "UNREACHABLE" ? "the service does not answer" : error.detail;
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
