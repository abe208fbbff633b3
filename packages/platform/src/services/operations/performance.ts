/** Reports what the monitor has measured, with the numbers of the parts. A part that fails is reported, and fails nothing else. */

import type { ApplicationReport, Sample } from "../../monitor/monitor.ts";
import { type HistoryPoint, resolutions, sampleHistory } from "../../store/tables/performance-samples.ts";
import { databaseFigures } from "../../store/watch/database-figures.ts";
import type { ServiceContext } from "../core/context.ts";
import { answeredWithin } from "./answered.ts";
import { poolReports } from "./pool-report.ts";

export interface PerformanceMetrics extends Sample, ApplicationReport {
  readonly monitoring: boolean;
  readonly samples: readonly Sample[];
}

const noReport: ApplicationReport = {
  summary: { avg_cpu_usage: 0, avg_memory_usage: 0, avg_response_time: 0, avg_throughput: 0, avg_error_rate: 0 },
  endpoint_breakdown: {},
};

export function performanceMetrics({ monitor, config }: ServiceContext): PerformanceMetrics {
  return {
    ...monitor.latest(),
    monitoring: config.monitoring === "on",
    samples: monitor.samples(),
    ...(monitor.report() ?? noReport),
  };
}

export interface PerformanceHistory {
  readonly step_seconds: number;
  readonly points: readonly HistoryPoint[];
}

/** So many points are drawn, and sent, at most. */
const pointCountMax = 360;

/** What all processes did in the last minutes. @param minutes 1 to 43,200: within the last hour second by second is known, before that each minute. */
export async function performanceHistory({ database }: ServiceContext, minutes: number): Promise<PerformanceHistory> {
  const seconds = minutes * 60 <= resolutions.second.keptSeconds ? 1 : 60;
  const stepSeconds = Math.ceil((minutes * 60) / pointCountMax / seconds) * seconds;
  const until = new Date();
  const since = new Date(until.getTime() - minutes * 60_000);
  return { step_seconds: stepSeconds, points: await sampleHistory(database.read, { seconds, stepSeconds, since, until }) };
}

type Part = Readonly<Record<string, unknown>>;

export interface PerformanceReport {
  readonly timestamp: number;
  readonly application_metrics: ApplicationReport | Record<string, never>;
  readonly percentiles: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };
  readonly database_metrics: Part;
  readonly cache_hit_ratio: number | null;
  readonly pools: Part;
  readonly queue: Part;
  readonly compute: Part;
  readonly cache: Part;
  readonly memory: Part;
  readonly gpu: "none";
}

/** A database that does not answer must not hold up the report. */
const databaseMsMax = 2000;

export async function performanceReport(context: ServiceContext): Promise<PerformanceReport> {
  const { monitor, database, queue, compute, cache, shares } = context;
  const latest = monitor.latest();
  const [figures, depth] = await Promise.all([
    askedWithin(() => databaseFigures(database.withSignal(AbortSignal.timeout(databaseMsMax)))),
    askedWithin(() => queue.depth()),
  ]);
  const { heapUsed, external } = process.memoryUsage();
  const { cache_hit_ratio: hitRatio, ...databaseMetrics } = figures;
  return {
    timestamp: Date.now() / 1000,
    application_metrics: monitor.report() ?? {},
    percentiles: { p50: latest.p50_response_time, p95: latest.p95_response_time, p99: latest.p99_response_time },
    database_metrics: databaseMetrics,
    cache_hit_ratio: typeof hitRatio === "number" ? hitRatio : null,
    pools: partOf(() => poolReports(context)),
    queue: { ...depth, ...partOf(() => queue.stats()) },
    compute: partOf(() => compute.stats()),
    cache: partOf(() => cache.stats()),
    memory: {
      limit_bytes: shares.limitBytes,
      resident_bytes: latest.memory_bytes,
      heap_used_bytes: heapUsed,
      external_bytes: external,
    },
    gpu: "none",
  };
}

function partOf(read: () => object): Part {
  try {
    return { ...read() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

async function askedWithin(ask: () => Promise<object>): Promise<Part> {
  const { value, error } = await answeredWithin(databaseMsMax, ask);
  return error === undefined ? { ...value } : { error };
}
