/** Schemas of what is wrong with the service, and of what its database tells. */

import { Type } from "typebox";
import { nullable, oneOf } from "./shared.ts";

const Severity = oneOf(["info", "warning", "critical"], {
  description: "info needs nothing done, a warning soon, a critical finding now",
});

export const Diagnosis = Type.Object(
  {
    status: oneOf(["ok", "info", "warning", "critical"], { description: "the worst severity found; ok without a finding" }),
    findings: Type.Array(
      Type.Object({
        id: Type.String({ description: "the check that found it" }),
        severity: Severity,
        finding: Type.String({ description: "what is wrong, with its numbers" }),
        next_step: Type.String({ description: "what to do about it" }),
      }),
      { description: "the worst first" },
    ),
    checks: Type.Array(
      Type.Object({
        id: Type.String({ description: "its name, which never changes" }),
        looks_at: Type.String({ description: "what it looks at" }),
      }),
      { description: "every check that was made" },
    ),
  },
  { $id: "Diagnosis", description: "what is wrong with the service, and what to do next" },
);

const NotSeen = Type.Array(
  Type.Object({
    lost: Type.String({ description: "what is not seen" }),
    remedy: Type.String({ description: "the grant or the step that shows it" }),
  }),
  { description: "what the role of the database may not see" },
);

export const SlowQueries = Type.Object(
  {
    slow_queries: nullable(
      Type.Array(
        Type.Object({
          query: Type.String({ description: "its text without values: 200 characters, then ..." }),
          mean_time_ms: Type.Number({ description: "mean time of a call, milliseconds" }),
          total_calls: Type.Number({ description: "calls since the statistics began" }),
          rows: Type.Number({ description: "rows that all calls read or changed" }),
          cache_hit_percent: nullable(
            Type.Number(),
            "blocks found in memory, of all that it asked for, percent; null when it asked for none",
          ),
          suggestions: Type.Array(Type.String(), { description: "what would make it faster, read from its plan" }),
          not_explained: nullable(Type.String(), "why there is no plan to read; null when there is one"),
        }),
      ),
      "at most 20, the slowest first; null where PostgreSQL keeps no statistics of statements",
    ),
    not_seen: NotSeen,
  },
  { $id: "SlowQueries", description: "statements that take more than 100 ms on average" },
);

const part = (description: string) => Type.Array(Type.Record(Type.String(), Type.Unknown()), { description });

export const DatabaseCondition = Type.Object(
  {
    tables: part("how much of each of our tables is dead or empty"),
    indexes: part("how much larger each of our indexes is than it need be"),
    index_faults: Type.Array(
      Type.Object({
        name: Type.String({ description: "the index" }),
        kind: Type.String({ description: "missing or INVALID" }),
      }),
      { description: "indexes of ours that are missing or INVALID: they are rebuilt in the background" },
    ),
    unused_indexes: Type.Record(Type.String(), Type.Unknown(), {
      description: "indexes of ours that no statement has used, and since when that is counted",
    }),
    lock_waits: part("who waits for whom, and how long"),
    replicas: part("how far each replica is behind"),
    not_seen: NotSeen,
  },
  { $id: "DatabaseCondition", description: "the condition of tables and indexes, locks and replicas" },
);
