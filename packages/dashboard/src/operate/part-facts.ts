/** The numbers of each part of the service, in words. The report gives parts as numbers by name; a part that failed has its error instead. */

import type { PerformanceReport } from "nomaly/client";
import { bytesText, countText, msText, percentText } from "../format.ts";

export interface Fact {
  readonly name: string;
  readonly text: string;
  readonly meaning: string;
}

export interface PartFacts {
  readonly title: string;
  readonly facts: readonly Fact[];
  /** What to do, or what is wrong. */
  readonly advice: readonly string[];
}

type Numbers = Readonly<Record<string, unknown>>;

export function partFacts(report: PerformanceReport): readonly PartFacts[] {
  return [
    databaseFacts(report),
    ...poolFacts(report),
    queueFacts(report),
    computeFacts(report),
    cacheFacts(report),
    memoryFacts(report),
  ];
}

function numberOf(part: unknown, name: string): number {
  const value = (part as Numbers | undefined)?.[name];
  return typeof value === "number" ? value : 0;
}

/** Says that a part failed, in the place of its numbers. */
function orError(title: string, part: Numbers, facts: () => readonly Fact[], advice: readonly string[] = []): PartFacts {
  const { error } = part;
  return typeof error === "string" ? { title, facts: [], advice: [`No numbers: ${error}`] } : { title, facts: facts(), advice };
}

function databaseFacts({ database_metrics: database, cache_hit_ratio: hitRatio }: PerformanceReport): PartFacts {
  const duration = database["avg_query_duration"];
  return orError("Database", database, () => [
    {
      name: "Active connections",
      text: countText(numberOf(database, "active_connections")),
      meaning: "sessions that run a statement now",
    },
    {
      name: "Running for",
      text: typeof duration === "number" ? msText(duration) : "none runs",
      meaning: "how long these statements have run, on average",
    },
    {
      name: "Found in memory",
      text: hitRatio === null ? "nothing read yet" : percentText(hitRatio, 1),
      meaning: "blocks of tables that PostgreSQL did not have to read from disk; under 95 % it may need more memory",
    },
  ]);
}

function poolFacts({ pools }: PerformanceReport): PartFacts[] {
  if (typeof pools["error"] === "string") return [orError("Pools", pools, () => [])];
  return Object.entries(pools).map(([name, pool]) => {
    const { current_stats: stats, suggestions } = pool as {
      readonly current_stats: Numbers;
      readonly suggestions: readonly string[];
    };
    return {
      title: `Connections: ${name}`,
      advice: suggestions,
      facts: [
        {
          name: "In use",
          text: `${countText(numberOf(stats, "checked_out"))} of ${countText(numberOf(stats, "capacity"))}`,
          meaning: "connections that requests and jobs hold, of all that the pool may open",
        },
        {
          name: "Open and free",
          text: countText(numberOf(stats, "checked_in")),
          meaning: "connections that wait for work",
        },
        {
          name: "Waiting",
          text: countText(numberOf(stats, "waiting")),
          meaning: "requests and jobs that wait for a connection now",
        },
        {
          name: "Waited in vain",
          text: countText(numberOf(stats, "timeouts")),
          meaning: "how many got no connection in time, since the start",
        },
      ],
    };
  });
}

function queueFacts({ queue }: PerformanceReport): PartFacts {
  return orError("Jobs waiting", queue, () => [
    { name: "Queued", text: countText(numberOf(queue, "queued")), meaning: "jobs that wait for a free place" },
    { name: "Running", text: countText(numberOf(queue, "running")), meaning: "jobs at work in all processes" },
    {
      name: "Oldest wait",
      text: msText(numberOf(queue, "oldest_wait_ms")),
      meaning: "how long the job that waits longest has waited",
    },
    { name: "Failed", text: countText(numberOf(queue, "failed")), meaning: "jobs that were given up, of those still kept" },
  ]);
}

function computeFacts({ compute }: PerformanceReport): PartFacts {
  return orError("Workers", compute, () => [
    {
      name: "Busy",
      text: `${countText(numberOf(compute, "busy"))} of ${countText(numberOf(compute, "workers"))}`,
      meaning: "worker processes that fit, score or read a file now",
    },
    { name: "Waiting", text: countText(numberOf(compute, "queued_items")), meaning: "pieces of work that wait for a worker" },
    {
      name: "Refused",
      text: countText(numberOf(compute, "refused")),
      meaning: "pieces of work refused because too much waited, since the start",
    },
    {
      name: "Died",
      text: countText(numberOf(compute, "crashed") + numberOf(compute, "out_of_memory") + numberOf(compute, "out_of_time")),
      meaning: "workers that crashed, or were ended for taking too much memory or time, since the start",
    },
    {
      name: "Models loaded",
      text: `${countText(numberOf(compute["models"], "loaded"))}, ${bytesText(numberOf(compute["models"], "bytes"))}`,
      meaning: "models that are held in memory, ready to score",
    },
  ]);
}

function cacheFacts({ cache }: PerformanceReport): PartFacts {
  const kinds = Object.values((cache["kinds"] ?? {}) as Readonly<Record<string, Numbers>>);
  const sum = (name: string) => kinds.reduce((total, kind) => total + numberOf(kind, name), 0);
  const hits = sum("level1_hits") + sum("level2_hits");
  const asked = hits + sum("misses");
  const level1 = cache["level1"];
  return orError("Cache", cache, () => [
    {
      name: "Found",
      text: asked === 0 ? "nothing asked yet" : percentText((hits * 100) / asked, 1),
      meaning: "answers that a cache had, of all that were asked of it since the start",
    },
    {
      name: "In memory",
      text: `${bytesText(numberOf(level1, "size_bytes"))} of ${bytesText(numberOf(level1, "bytes_max"))}`,
      meaning: "what this process keeps in its own memory, of what it may",
    },
    {
      name: "Pushed out",
      text: countText(numberOf(level1, "evictions")),
      meaning: "entries removed early to make room, since the start",
    },
    {
      name: "Redis",
      text:
        cache["level2"] === undefined
          ? "none"
          : (cache["level2"] as Numbers)["breaker"] === "closed"
            ? "answers"
            : "does not answer",
      meaning: "the cache that all processes share; without it, each has its own",
    },
  ]);
}

function memoryFacts({ memory }: PerformanceReport): PartFacts {
  return {
    title: "Memory",
    advice: [],
    facts: [
      {
        name: "Resident",
        text: `${bytesText(memory.resident_bytes)} of ${bytesText(memory.limit_bytes)}`,
        meaning: "memory of the service and its workers, of what they may take",
      },
      { name: "Objects", text: bytesText(memory.heap_used_bytes), meaning: "JavaScript objects of the process that answered" },
      {
        name: "Buffers",
        text: bytesText(memory.external_bytes),
        meaning: "memory beside them, of buffers and tables of numbers",
      },
    ],
  };
}
