/** The numbers of this process for Prometheus. Parts keep plain numbers; they are read when somebody asks. */

import { collectDefaultMetrics, type Metric, Registry } from "@prometheus-io/client";
import type { CountedPart } from "./metric-kinds.ts";
import { createRequestTimes, requestDuration } from "./request-times.ts";
import { type Sample, samplesOf } from "./samples.ts";

export interface Metrics {
  readonly contentType: string;
  /** One request by the template of its route, its method and status. */
  observe(route: string, method: string, status: number, durationMs: number): void;
  text(): Promise<string>;
}

/**
 * Metrics of the library that are left out: numbers of now under names of counters (the same numbers are there by kind, as
 * `nodejs_active_resources` and the like), and the share of time that the event loop is busy, which would take a timer ten times a second.
 */
const leftOut = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
  "nodejs_eventloop_utilization_summary",
  "nodejs_eventloop_utilization_histogram",
];
/** The longest that a timer may be told. */
const neverMs = 2 ** 31 - 1;

export function createMetrics(parts: readonly CountedPart[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopUtilizationTimeout: neverMs });
  for (const name of leftOut) registry.removeSingleMetric(name);
  const times = createRequestTimes();
  register(registry, requestDuration, () => times.samples());

  /** Which numbers there are is known by looking: a part with no Redis behind it has fewer. */
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

interface DescribedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
}

/** The library's own classes cannot be given a number that was counted elsewhere: it asks any metric for its values by `get`. */
function register(registry: Registry, described: DescribedMetric, values: () => readonly object[]): void {
  const metric = {
    ...described,
    aggregator: "sum",
    get: async () => ({ ...described, aggregator: "sum", values: values() }),
  };
  registry.registerMetric(metric as unknown as Metric);
}
