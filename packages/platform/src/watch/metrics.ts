/** The metrics of this process for Prometheus. Parts keep plain numbers; `text` reads them at each request. */

import { collectDefaultMetrics, type Metric, Registry } from "@prometheus-io/client";
import type { CountedPart } from "./metric-kinds.ts";
import { createRequestTimes, requestDuration } from "./request-times.ts";
import { type Sample, samplesOf } from "./samples.ts";

export interface Metrics {
  readonly contentType: string;
  /** Counts one request. @param route the template, such as `/api/detectors/:id`. */
  observe(route: string, method: string, status: number, durationMs: number): void;
  text(): Promise<string>;
}

/**
 * Metrics of the library that we leave out: three gauges whose names end like those of counters (`nodejs_active_resources` and its like
 * give the same numbers by kind), and the share of time that the event loop is busy, for which the library would run a timer ten times a second.
 */
const leftOut = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
  "nodejs_eventloop_utilization_summary",
  "nodejs_eventloop_utilization_histogram",
];
/** The longest delay that Node's timers take. */
const neverMs = 2 ** 31 - 1;

export function createMetrics(parts: readonly CountedPart[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopUtilizationTimeout: neverMs });
  for (const name of leftOut) registry.removeSingleMetric(name);
  const times = createRequestTimes();
  register(registry, requestDuration, () => times.samples());

  /** Registers the metrics anew at each request, since a part may have gained or lost some: without Redis the cache has fewer. */
  function registerParts(): void {
    const found = new Map<string, Sample[]>();
    for (const part of parts) {
      for (const sample of samplesOf(part)) {
        const list = found.get(sample.name);
        if (list === undefined) found.set(sample.name, [sample]);
        else list.push(sample);
      }
    }
    for (const [name, samples] of found) {
      registry.removeSingleMetric(name);
      const { type, help } = samples[0];
      register(registry, { name, type, help }, () => samples);
    }
  }

  return {
    contentType: registry.contentType,
    observe: (route, method, status, durationMs) => times.observe(route, method, status, durationMs),
    text() {
      registerParts();
      return registry.metrics();
    },
  };
}

type Described = Pick<Sample, "name" | "help"> & { readonly type: Sample["type"] | "histogram" };

/** The library's metric classes count by themselves, so this gives the library an object whose `get` returns our numbers. */
function register(registry: Registry, given: Described, values: () => readonly object[]): void {
  const described = { ...given, aggregator: "sum" };
  const metric = { ...described, get: async () => ({ ...described, values: values() }) };
  registry.registerMetric(metric as unknown as Metric);
}
