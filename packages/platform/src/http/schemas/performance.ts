/** Schemas of what the monitor has measured. Times are milliseconds, shares percent, `timestamp` seconds since 1970. */

import { type Static, Type } from "typebox";
import { nullable, strict } from "./shared.ts";

const ms = (description: string) => Type.Number({ description: `${description}, milliseconds` });
const percent = (description: string) => Type.Number({ description: `${description}, percent` });
const quantile = (share: number) =>
  nullable(
    Type.Number(),
    `time within which ${share} % of the window's requests were answered, milliseconds, to 2.5 %; of several processes, the slowest; null without requests`,
  );

const sampleFields = {
  timestamp: Type.Number({ description: "when it was taken, seconds since 1970" }),
  cpu_usage: percent(
    "processor time of the processes and their workers in the last second, of all processors that they may use; of several machines, the busiest",
  ),
  memory_usage: percent(
    "resident memory of the processes and their workers, of the memory limit; of several machines, the fullest",
  ),
  response_time: ms("mean time from the arrival of a request to its answer over the window; 0 without requests"),
  throughput: Type.Number({ description: "requests a second over the window" }),
  error_rate: percent("requests of the window that the service answered with a status of 500 or above"),
  p50_response_time: quantile(50),
  p95_response_time: quantile(95),
  p99_response_time: quantile(99),
  request_count: Type.Integer({ description: "requests of the window" }),
  error_count: Type.Integer({ description: "those answered with a status of 500 or above" }),
  window_seconds: Type.Number({ description: "real length of the window, at most about 60 seconds" }),
  memory_bytes: Type.Integer({ description: "resident memory of the processes and their workers" }),
  event_loop_delay: ms("mean delay of the event loop in the last second"),
  process_count: Type.Integer({ description: "processes of the service that it is made of" }),
  event_loop_delay_p99: ms("delay of the event loop that 99 % of the last second's measurements stayed below"),
};

const { error_rate: _rate, window_seconds: _window, ...historyFields } = sampleFields;

export const PerformanceSample = Type.Object(sampleFields, {
  $id: "PerformanceSample",
  description: "the service as measured in one second: requests of a window, processor, memory, event loop",
});
export type PerformanceSample = Static<typeof PerformanceSample>;

const Summary = Type.Object(
  {
    avg_cpu_usage: percent("mean processor usage"),
    avg_memory_usage: percent("mean memory usage"),
    avg_response_time: ms("mean response time"),
    avg_throughput: Type.Number({ description: "mean requests a second" }),
    avg_error_rate: percent("mean error rate"),
  },
  { description: "means over the last samples, at most 100" },
);

const Endpoint = Type.Object(
  {
    avg_response_time: ms("mean of its last 100 requests"),
    request_count: Type.Integer({ description: "requests since the process started" }),
    error_count: Type.Integer({ description: "those answered with a status of 500 or above" }),
    error_rate: percent("share of errors since the process started"),
    p50_response_time: ms("median of its last 100 requests"),
    p95_response_time: ms("time that 95 of its last 100 requests stayed within"),
    p99_response_time: ms("time that 99 of its last 100 requests stayed within"),
  },
  { description: "one endpoint" },
);

const reportFields = {
  summary: Summary,
  endpoint_breakdown: Type.Record(Type.String(), Endpoint, {
    description: "endpoints by route template, such as `/api/detectors/:id`",
  }),
};

export const PerformanceMetrics = Type.Object(
  {
    ...sampleFields,
    monitoring: Type.Boolean({ description: "false when the setting `monitoring` is off: then nothing is recorded" }),
    samples: Type.Array(Type.Ref("PerformanceSample"), { description: "the last 100 seconds, oldest first" }),
    ...reportFields,
  },
  { $id: "PerformanceMetrics", description: "the last sample, the samples before it, their means, and each endpoint" },
);

const Part = Type.Record(Type.String(), Type.Unknown(), {
  description: "numbers of a part by name; only `error` when it could not be asked",
});

export const PerformanceReport = Type.Object(
  {
    timestamp: Type.Number({ description: "when it was made, seconds since 1970" }),
    application_metrics: Type.Union([Type.Object(reportFields), Type.Object({}, { additionalProperties: false })], {
      description: "means of the last samples, and each endpoint; {} before the first sample",
    }),
    percentiles: Type.Object(
      { p50: quantile(50), p95: quantile(95), p99: quantile(99) },
      { description: "response times of the last window" },
    ),
    database_metrics: Part,
    cache_hit_ratio: nullable(
      Type.Number(),
      "blocks that PostgreSQL found in its memory, of all blocks of tables that it read, percent; null on an idle database, or when it does not answer",
    ),
    pools: Part,
    queue: Part,
    compute: Part,
    cache: Part,
    memory: Type.Object(
      {
        limit_bytes: Type.Integer({ description: "memory that the process and its workers may take" }),
        resident_bytes: Type.Integer({ description: "memory that they take" }),
        heap_used_bytes: Type.Integer({ description: "JavaScript objects of the process" }),
        external_bytes: Type.Integer({
          description: "memory beside the JavaScript heap that its objects hold, buffers among them",
        }),
      },
      { description: "memory of the process and its workers" },
    ),
    gpu: Type.Literal("none", { description: "no graphics processor is used" }),
  },
  {
    $id: "PerformanceReport",
    description: "the service, its database and its parts; a part that fails is reported, and fails nothing else",
  },
);

export const PerformanceHistory = Type.Object(
  {
    step_seconds: Type.Integer({ description: "seconds that a point stands for" }),
    points: Type.Array(
      Type.Object(
        {
          ...historyFields,
          response_time: nullable(Type.Number(), "mean response time, milliseconds; null without requests"),
        },
        { description: "what all processes did in one step" },
      ),
      { description: "oldest first; steps without a sample are left out" },
    ),
  },
  { $id: "PerformanceHistory", description: "the samples of all processes over time" },
);

export const PerformanceHistoryQuery = Type.Object(
  {
    minutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 43_200,
        default: 60,
        description: "how far back: each second of the last 60 minutes is known, before that each minute of the last 30 days",
      }),
    ),
  },
  strict,
);
