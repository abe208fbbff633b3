/** The numbers of a part as named samples: `{ pool: { inUse: 3 } }` of the database is `nomaly_database_pool_in_use 3`. */

import type { MetricKind, MetricKinds, NamedMetric } from "./metric-kinds.ts";

export interface Sample {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Place {
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Declared = Readonly<Record<string, unknown>>;

export function samplesOf<Stats extends object>(prefix: string, stats: Stats, kinds: MetricKinds<Stats>): readonly Sample[] {
  return samplesAt({ prefix, labels: {} }, stats as Declared, kinds);
}

/** As deep as the declaration, which is written by hand. */
function samplesAt(place: Place, stats: Declared, kinds: Declared): readonly Sample[] {
  return Object.entries(kinds).flatMap(([key, kind]) => {
    const value = stats[key];
    // A part that is not there now, such as a replica; and texts.
    if (value === undefined || kind === "text") return [];
    if (typeof value === "number" || typeof value === "boolean") {
      return [sampleOf(place, key, Number(value), kind as MetricKind | NamedMetric)];
    }
    return samplesWithin(place, key, value as Declared, kind as Declared);
  });
}

function samplesWithin({ prefix, labels }: Place, key: string, group: Declared, kinds: Declared): readonly Sample[] {
  const { label, each } = kinds;
  if (typeof label !== "string") return samplesAt({ prefix: `${prefix}_${snakeCase(key)}`, labels }, group, kinds);
  return Object.entries(group).flatMap(([name, thing]) =>
    samplesAt({ prefix: `${prefix}_${label}`, labels: { ...labels, [label]: name } }, thing as Declared, each as Declared),
  );
}

// oxlint-disable-next-line eslint/max-params -- a number with its place, name and kind
function sampleOf({ prefix, labels }: Place, key: string, value: number, given: MetricKind | NamedMetric): Sample {
  const { kind, name } = typeof given === "string" ? { kind: given, name: key } : given;
  const words = snakeCase(name).split("_");
  // Prometheus wants seconds.
  const isMs = words.includes("ms");
  const counted = words.map((word) => (word === "ms" ? "seconds" : word)).filter((word) => word !== "total");
  const isCounter = kind === "counter";
  return {
    name: [prefix, ...counted, ...(isCounter ? ["total"] : [])].join("_"),
    type: isCounter ? "counter" : "gauge",
    labels,
    value: isMs ? value / 1000 : value,
  };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
