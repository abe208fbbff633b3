/** The route with the metrics of this process for Prometheus. */

import { Type } from "typebox";
import type { Metrics } from "../../watch/metrics.ts";
import type { App } from "../app.ts";
import { problemsOf, route } from "./shared/shared.ts";

export function registerMetrics(app: App, metrics: Metrics): void {
  app.get(
    "/metrics",
    route({
      scope: "read",
      isPolled: true,
      tags: ["health"],
      summary: "metrics of this process for Prometheus",
      response: {
        200: {
          description: "the text format of Prometheus",
          content: { "text/plain": { schema: Type.Unsafe<never>({ type: "string" }) } },
        },
        ...problemsOf(),
      },
    }),
    async (_request, reply) => reply.type(metrics.contentType).send((await metrics.text()) as never),
  );
}
