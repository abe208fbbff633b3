/** Calls that tell how the service does. */

import { followed } from "./events.ts";
import type {
  DatabaseCondition,
  Diagnosis,
  PerformanceHistory,
  PerformanceMetrics,
  PerformanceReport,
  PerformanceSample,
  SlowQueries,
} from "./performance-types.ts";
import { type CallOptions, json, type Transport } from "./transport.ts";

/** Calls that tell how the service does: processor, memory, response times, the database and all parts. */
export interface Performance {
  /** The last second, the 99 before it, their means, and each endpoint. */
  metrics(options?: CallOptions): Promise<PerformanceMetrics>;
  /** The service, its database and its parts; a part that does not answer has its `error`. */
  report(options?: CallOptions): Promise<PerformanceReport>;
  /** What all processes did in the last minutes, at most 43,200; 60 by default. */
  history(minutes?: number, options?: CallOptions): Promise<PerformanceHistory>;
  /** What is wrong with the service, and what to do next. */
  doctor(options?: CallOptions): Promise<Diagnosis>;
  /** Statements that take more than 100 ms on average, with what their plans suggest. */
  slowQueries(options?: CallOptions): Promise<SlowQueries>;
  /** The condition of tables and indexes, who waits for whom, and how far replicas are behind. */
  database(options?: CallOptions): Promise<DatabaseCondition>;
  /** Yields the last sample, then one each second, until the signal; connects again when the connection is lost. */
  samples(options?: Pick<CallOptions, "signal">): AsyncGenerator<PerformanceSample, void>;
}

export function performanceOf(transport: Transport): Performance {
  const { call } = transport;
  return {
    metrics: (options) => call({ route: "GET /api/performance/metrics" }, json<PerformanceMetrics>, options),
    report: (options) => call({ route: "GET /api/performance/report" }, json<PerformanceReport>, options),
    history: (minutes = 60, options) =>
      call({ route: "GET /api/performance/history", query: { minutes } }, json<PerformanceHistory>, options),
    doctor: (options) => call({ route: "GET /api/doctor" }, json<Diagnosis>, options),
    slowQueries: (options) => call({ route: "GET /api/performance/slow-queries" }, json<SlowQueries>, options),
    database: (options) => call({ route: "GET /api/performance/database" }, json<DatabaseCondition>, options),
    samples: ({ signal } = {}) =>
      followed<PerformanceSample>(transport, { name: "the samples", route: "GET /api/performance/stream" }, { signal }),
  };
}
