/** Turns the numbers of a part into named samples: `{ pool: { inUse: 3 } }` of the database is `nomaly_database_pool_in_use 3`. */

import type { CountedPart, Labelled, Metric, Optional, Text } from "./metric-kinds.ts";

export interface Sample {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Place {
  readonly prefix: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Stats = Readonly<Record<string, unknown>>;
type Tagged = Metric | Text<string> | Labelled<string, Group> | Optional<Group>;
interface Group {
  readonly [name: string]: Tagged | Group;
}

export function samplesOf({ name, stats, metrics }: CountedPart): readonly Sample[] {
  return samplesAt({ prefix: `nomaly_${name}`, labels: {} }, stats() as Stats, metrics as Group);
}

/** The recursion is as deep as the declaration, which is written by hand. */
function samplesAt(place: Place, stats: Stats, group: Group): readonly Sample[] {
  return Object.entries(group).flatMap(([key, declared]) => samplesOfOne(place, key, stats[key], declared));
}

// oxlint-disable-next-line eslint/max-params -- a value with its place, name and declaration
function samplesOfOne({ prefix, labels }: Place, key: string, value: unknown, declared: Tagged | Group): readonly Sample[] {
  const within = { prefix: `${prefix}_${snakeCase(key)}`, labels };
  if (!isTagged(declared)) return samplesAt(within, value as Stats, declared);
  switch (declared.kind) {
    case "text":
      return [];
    case "counter":
    case "gauge":
    case "flag":
      return [sampleOf({ prefix, labels }, declared.name ?? snakeCase(key), Number(value), declared)];
    case "labelled": {
      const { label, each } = declared;
      return Object.entries(value as Stats).flatMap(([name, thing]) =>
        samplesAt({ prefix: `${prefix}_${label}`, labels: { ...labels, [label]: name } }, thing as Stats, each),
      );
    }
    case "optional":
      return value === undefined ? [] : samplesAt(within, value as Stats, declared.part);
  }
}

function isTagged(declared: Tagged | Group): declared is Tagged {
  return typeof declared.kind === "string";
}

// oxlint-disable-next-line eslint/max-params -- a number with its place, name and metric
function sampleOf({ prefix, labels }: Place, name: string, value: number, { kind, unit, help }: Metric): Sample {
  const isCounter = kind === "counter";
  return {
    name: `${prefix}_${name}${isCounter ? "_total" : ""}`,
    type: isCounter ? "counter" : "gauge",
    help,
    labels,
    value: unit === "ms" ? value / 1000 : value,
  };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
