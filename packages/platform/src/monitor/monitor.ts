/** Watches this process: every request is recorded, and a timer takes a sample each second. */

import { monitorEventLoopDelay } from "node:perf_hooks";
import { gauge, type StatsOf } from "../watch/metric-kinds.ts";
import { combineSamples, type OtherSample } from "./combine-samples.ts";
import { createEndpointDurations, type EndpointFigures } from "./endpoint-durations.ts";
import { cpuMsBetween, type Usage, usageOf } from "./process-usage.ts";
import { createRequestWindow, windowSeconds, type WindowFigures } from "./request-window.ts";

/** The samples that are kept. */
export const keptSampleCount = 100;
const sampleMs = 1000;
/** The event loop's delay is measured by a timer of so many milliseconds. */
const loopStepMs = 20;

/** What is known of one second; times are milliseconds, shares percent. */
export interface Sample {
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Share of the processors that this process may use, with its workers. */
  readonly cpu_usage: number;
  /** Resident memory of this process and its workers, as a share of the memory limit. */
  readonly memory_usage: number;
  /** Mean over the window; 0 without requests. */
  readonly response_time: number;
  /** Requests a second over the window. */
  readonly throughput: number;
  /** Share of the window's requests that the service answered with a status of 500 or above. */
  readonly error_rate: number;
  readonly p50_response_time: number | null;
  readonly p95_response_time: number | null;
  readonly p99_response_time: number | null;
  readonly request_count: number;
  readonly error_count: number;
  readonly window_seconds: number;
  readonly memory_bytes: number;
  readonly event_loop_delay: number;
  readonly event_loop_delay_p99: number;
  /** Processes that it is made of. */
  readonly process_count: number;
}

export interface Summary {
  readonly avg_cpu_usage: number;
  readonly avg_memory_usage: number;
  readonly avg_response_time: number;
  readonly avg_throughput: number;
  readonly avg_error_rate: number;
}

export interface ApplicationReport {
  readonly summary: Summary;
  readonly endpoint_breakdown: Readonly<Record<string, EndpointFigures>>;
}

/** Numbers of this process alone, for Prometheus, which sums processes itself. */
export const monitorMetrics = {
  memoryBytes: gauge("Resident memory of the process and its workers, as last sampled"),
  memoryLimitBytes: gauge("Memory that the process and its workers may take"),
  cpuShare: gauge(
    "Processor time of the process and its workers in the last second, of all processors that they may use, 0 to 1",
  ),
};

export interface Monitor {
  /** Records one request. @param endpoint the route template, such as `/api/detectors/:id`. */
  record(endpoint: string, durationMs: number, isSuccess: boolean): void;
  /** The last sample; before the first one, memory alone. */
  latest(): Sample;
  /** The last 100 seconds, oldest first. */
  samples(): readonly Sample[];
  /** Samples of this process alone, of the last 100 seconds, that are younger than `timestamp`. */
  ownSince(timestamp: number): readonly Sample[];
  /** The last minute of this process alone; undefined before it has run for one. */
  ownMinute(): Sample | undefined;
  /** Takes the last samples of the other processes: from now on samples are of all processes together. */
  hear(others: readonly OtherSample[]): void;
  /** Means of the last samples, and each endpoint; undefined before the first sample. */
  report(): ApplicationReport | undefined;
  /** The next samples as they are taken, until the signal ends it. A reader that is slow misses some. */
  follow(signal: AbortSignal): AsyncGenerator<Sample, void>;
  stats(): StatsOf<typeof monitorMetrics>;
  /** Takes a sample now, as the timer does each second. */
  sample(): void;
  close(): void;
}

export interface MonitorOptions {
  readonly processorCount: number;
  readonly memoryLimitBytes: number;
  readonly workerPids: () => readonly number[];
  /** The name of this machine. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** A clock that never goes back, milliseconds. */
  readonly elapsed?: () => number;
  /** False takes no samples by itself. */
  readonly hasTimer?: boolean;
}

export function createMonitor(options: MonitorOptions): Monitor {
  const { processorCount, memoryLimitBytes, workerPids, host, now = Date.now, elapsed = () => performance.now() } = options;
  const window = createRequestWindow();
  const endpoints = createEndpointDurations();
  const samples: Sample[] = [];
  const ownSamples: Sample[] = [];
  let others: readonly OtherSample[] = [];
  const loop = monitorEventLoopDelay({ resolution: loopStepMs });
  loop.enable();
  let before = { at: elapsed(), usage: usageOf(workerPids()) };
  let isClosed = false;
  /** One for each reader that waits. */
  let waiting: ((sample: Sample | undefined) => void)[] = [];

  /** @param cpuShare of all processors, 0 to 1. */
  function sampleOf(cpuShare: number, { residentBytes }: Usage): Sample {
    return {
      timestamp: now() / 1000,
      cpu_usage: Math.min(100, cpuShare * 100),
      memory_usage: (residentBytes * 100) / memoryLimitBytes,
      ...requestFigures(window.figures()),
      memory_bytes: residentBytes,
      event_loop_delay: loopDelayMs(loop.mean),
      event_loop_delay_p99: loopDelayMs(loop.percentile(99)),
      process_count: 1,
    };
  }

  function sample(): void {
    const at = elapsed();
    const lengthMs = Math.max(1, at - before.at);
    const usage = usageOf(workerPids());
    const cpuMs = cpuMsBetween(before.usage, usage);
    before = { at, usage };
    window.endSecond(lengthMs);
    const own = sampleOf(cpuMs / (lengthMs * processorCount), usage);
    loop.reset();
    const taken = combineSamples(own, host, others);
    keep(ownSamples, own);
    keep(samples, taken);
    wake(taken);
  }

  function wake(taken: Sample | undefined): void {
    const readers = waiting;
    waiting = [];
    for (const read of readers) read(taken);
  }

  async function* follow(signal: AbortSignal): AsyncGenerator<Sample, void> {
    let end = () => {};
    const onAbort = () => end();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted && !isClosed) {
        const next = await new Promise<Sample | undefined>((resolve) => {
          end = () => resolve(undefined);
          waiting.push(resolve);
        });
        if (next === undefined) return;
        yield next;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  const timer = options.hasTimer === false ? undefined : setInterval(sample, sampleMs);
  timer?.unref();
  return {
    record(endpoint, durationMs, isSuccess) {
      window.add(durationMs, isSuccess);
      endpoints.add(endpoint, durationMs, isSuccess);
    },
    latest: () => samples.at(-1) ?? sampleOf(0, usageOf(workerPids())),
    samples: () => samples,
    ownSince: (timestamp) => ownSamples.filter((sample) => sample.timestamp > timestamp),
    ownMinute: () => (ownSamples.length < windowSeconds ? undefined : minuteOf(ownSamples.slice(-windowSeconds))),
    hear: (heard) => void (others = heard),
    report: () => (samples.length === 0 ? undefined : { summary: summaryOf(samples), endpoint_breakdown: endpoints.figures() }),
    follow,
    stats() {
      const { memory_bytes: memoryBytes, cpu_usage: cpuUsage } = ownSamples.at(-1) ?? sampleOf(0, usageOf(workerPids()));
      return { memoryBytes, memoryLimitBytes, cpuShare: cpuUsage / 100 };
    },
    sample,
    close() {
      clearInterval(timer);
      loop.disable();
      isClosed = true;
      wake(undefined);
    },
  };
}

function requestFigures(figures: WindowFigures) {
  const { requestCount, errorCount, meanMs, p50Ms, p95Ms, p99Ms, perSecond, lengthMs } = figures;
  return {
    response_time: meanMs ?? 0,
    throughput: perSecond,
    error_rate: requestCount === 0 ? 0 : (errorCount * 100) / requestCount,
    p50_response_time: p50Ms,
    p95_response_time: p95Ms,
    p99_response_time: p99Ms,
    request_count: requestCount,
    error_count: errorCount,
    window_seconds: lengthMs / 1000,
  };
}

function keep(list: Sample[], sample: Sample): void {
  list.push(sample);
  if (list.length > keptSampleCount) list.shift();
}

/** The last sample's window is the whole minute; the rest are means, of the loop's slowest second the greatest. */
function minuteOf(samples: readonly Sample[]): Sample {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  return {
    ...samples[samples.length - 1],
    cpu_usage: mean((sample) => sample.cpu_usage),
    memory_usage: mean((sample) => sample.memory_usage),
    memory_bytes: Math.round(mean((sample) => sample.memory_bytes)),
    event_loop_delay: mean((sample) => sample.event_loop_delay),
    event_loop_delay_p99: Math.max(...samples.map((sample) => sample.event_loop_delay_p99)),
  };
}

/**
 * The measured times hold the step of the timer itself. @param nanoseconds not a number before the first measurement.
 * @returns milliseconds.
 */
export function loopDelayMs(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - loopStepMs) : 0;
}

function summaryOf(samples: readonly Sample[]): Summary {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  return {
    avg_cpu_usage: mean((sample) => sample.cpu_usage),
    avg_memory_usage: mean((sample) => sample.memory_usage),
    avg_response_time: mean((sample) => sample.response_time),
    avg_throughput: mean((sample) => sample.throughput),
    avg_error_rate: mean((sample) => sample.error_rate),
  };
}
