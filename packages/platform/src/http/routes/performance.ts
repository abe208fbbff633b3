/** Routes of what the monitor has measured: the last samples, the report, and a stream of samples. */

import { Readable } from "node:stream";
import { Type } from "typebox";
import type { Sample } from "../../monitor/monitor.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { diagnose } from "../../services/operations/doctor/doctor.ts";
import { databaseConditionOf, slowQueriesOf } from "../../services/operations/database-watch.ts";
import { performanceHistory, performanceMetrics, performanceReport } from "../../services/operations/performance.ts";
import type { App } from "../app.ts";
import { inSnakeCase } from "../answers/in-snake-case.ts";
import { PerformanceHistoryQuery } from "../schemas/performance.ts";
import { problemsOf, route } from "./shared/shared.ts";

const tags = ["performance"];
/** The schema of one event: OpenAPI 3.1 cannot describe a stream of events. */
const event = Type.Unsafe<never>({
  type: "object",
  required: ["event", "data"],
  properties: {
    event: { const: "sample", description: "a sample was taken" },
    data: {
      type: "string",
      description: "the sample, as JSON",
      contentMediaType: "application/json",
      contentSchema: { $ref: "#/components/schemas/PerformanceSample" },
    },
  },
});

export function registerPerformance(app: App, context: ServiceContext): void {
  const { monitor } = context;
  app.get(
    "/api/performance/metrics",
    route({
      scope: "read",
      isPolled: true,
      isStarred: true,
      tags,
      summary: "the last second, the seconds before it, and each endpoint",
      response: { 200: Type.Ref("PerformanceMetrics"), ...problemsOf() },
    }),
    async (_request, reply) => reply.send(performanceMetrics(context) as never),
  );
  app.get(
    "/api/performance/report",
    route({
      scope: "read",
      isPolled: true,
      isStarred: true,
      tags,
      summary: "the service, its database and its parts",
      description: "A part that does not answer is reported with its `error`; the others have their numbers.",
      response: { 200: Type.Ref("PerformanceReport"), ...problemsOf() },
    }),
    async (_request, reply) => reply.send(inSnakeCase(await performanceReport(context)) as never),
  );
  app.get(
    "/api/performance/history",
    route({
      scope: "read",
      isPolled: true,
      tags,
      summary: "what all processes did over time",
      querystring: PerformanceHistoryQuery,
      response: { 200: Type.Ref("PerformanceHistory"), ...problemsOf() },
    }),
    async (request, reply) => reply.send((await performanceHistory(context, request.query.minutes ?? 60)) as never),
  );
  app.get(
    "/api/performance/stream",
    {
      exposeHeadRoute: false,
      ...route({
        scope: "read",
        isStream: true,
        tags,
        summary: "each second's sample as server-sent events, until the reader leaves",
        response: {
          200: {
            description: "first the last sample, then an event `sample` each second",
            content: { "text/event-stream": { schema: event } },
          },
          ...problemsOf(),
        },
      }),
    },
    async (request, reply) => {
      const samples = withLatest(monitor.latest(), monitor.follow(request.stopSignal));
      return reply
        .type("text/event-stream")
        .header("cache-control", "no-store")
        .send(Readable.from(eventTexts(samples)));
    },
  );
}

export function registerDoctor(app: App, context: ServiceContext): void {
  app.get(
    "/api/doctor",
    route({
      scope: "read",
      isPolled: true,
      tags,
      summary: "what is wrong with the service, and what to do next",
      response: { 200: Type.Ref("Diagnosis"), ...problemsOf() },
    }),
    async (_request, reply) => reply.send((await diagnose(context)) as never),
  );
  app.get(
    "/api/performance/slow-queries",
    route({
      scope: "read",
      tags,
      summary: "statements that take long, and what their plans suggest",
      description:
        "Statements of more than 100 ms on average, at most 20, the slowest first. `suggestions` come from the plan of each; `not_seen` says what the " +
        "database role may not see, and what would show it.",
      response: { 200: Type.Ref("SlowQueries"), ...problemsOf() },
    }),
    async (_request, reply) => reply.send((await slowQueriesOf(context)) as never),
  );
  app.get(
    "/api/performance/database",
    route({
      scope: "read",
      tags,
      summary: "the condition of tables and indexes, who waits for whom, and how far replicas are behind",
      response: { 200: Type.Ref("DatabaseCondition"), ...problemsOf() },
    }),
    async (_request, reply) => reply.send((await databaseConditionOf(context)) as never),
  );
}

async function* withLatest(latest: Sample, next: AsyncIterable<Sample>): AsyncGenerator<Sample> {
  yield latest;
  yield* next;
}

async function* eventTexts(samples: AsyncIterable<Sample>): AsyncGenerator<string> {
  for await (const sample of samples) yield `event: sample\ndata: ${JSON.stringify(sample)}\n\n`;
}
