/** The numbers of this process for Prometheus. Parts keep plain numbers; they are read when somebody asks. */

import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { createRequestTimes } from "./request-times.ts";
import { type Sample, samplesOf } from "./samples.ts";

interface Counting {
  stats(): object;
}

export interface WatchedParts {
  readonly database: Counting;
  readonly cache: Counting;
  readonly queue: Counting;
  readonly compute: Counting;
  readonly admission: Counting;
  /** The pool of outgoing HTTP. */
  readonly outgoing?: (() => object) | undefined;
}

export interface Metrics {
  readonly contentType: string;
  /** One request by the template of its route, its method and status. */
  observe(route: string, method: string, status: number, durationMs: number): void;
  text(): Promise<string>;
}

const parts = ["database", "cache", "queue", "compute", "admission"] as const;

export function createMetrics(watched: WatchedParts): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const times = createRequestTimes();
  register(registry, "nomaly_http_request_duration_seconds", "histogram", () => times.samples());

  /** Which numbers there are is known by looking: a part with no Redis behind it has fewer. */
  function registerParts(): void {
    const found = new Map<string, Sample[]>();
    const add = (prefix: string, stats: object) => {
      for (const sample of samplesOf(prefix, stats)) {
        const list = found.get(sample.name);
        if (list === undefined) found.set(sample.name, [sample]);
        else list.push(sample);
      }
    };
    for (const part of parts) add(`nomaly_${part}`, watched[part].stats());
    if (watched.outgoing !== undefined) add("nomaly_outgoing", watched.outgoing());
    for (const [name, samples] of found) {
      registry.removeSingleMetric(name);
      register(registry, name, samples[0].type, () => samples);
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

/** The library's own classes cannot be given a number that was counted elsewhere: it asks any metric for its values by `get`. */
function register(
  registry: Registry,
  name: string,
  type: "counter" | "gauge" | "histogram",
  values: () => readonly object[],
): void {
  const help = name.replaceAll("_", " ");
  const metric = {
    name,
    help,
    type,
    aggregator: "sum",
    get: async () => ({ name, help, type, aggregator: "sum", values: values() }),
  };
  registry.registerMetric(metric as unknown as Metric);
}
