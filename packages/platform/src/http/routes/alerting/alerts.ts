/** Routes of alerts: what fires, what has fired, and a test of the receivers. */

import { Type } from "typebox";
import { alertHistory, presentAlerts, testReceivers } from "../../../services/alerts/alerts.ts";
import type { ServiceContext } from "../../../services/core/context.ts";
import type { App } from "../../app.ts";
import { AlertHistory } from "../../schemas/alerts.ts";
import { PageQuery, strict } from "../../schemas/shared.ts";
import { callOf, problemsOf, route } from "../shared/shared.ts";

const tags = ["alerts"];

export function registerAlerts(app: App, context: ServiceContext): void {
  app.get(
    "/api/alerts",
    route({
      scope: "read",
      isPolled: true,
      tags,
      summary: "which alerts fire, who evaluates them, and how the receivers do",
      response: { 200: Type.Ref("Alerts"), ...problemsOf() },
    }),
    async (_request, reply) => reply.send((await presentAlerts(context)) as never),
  );
  app.get(
    "/api/alerts/history",
    route({
      scope: "read",
      tags,
      summary: "what has fired and resolved in 30 days, newest first",
      querystring: Type.Object(PageQuery, strict),
      response: { 200: AlertHistory, ...problemsOf() },
    }),
    async (request, reply) => reply.send((await alertHistory(context, request.query)) as never),
  );
  app.post(
    "/api/alerts/test",
    route({
      scope: "admin",
      onlyAsks: true,
      tags,
      summary: "send a test message to all receivers",
      response: { 200: Type.Ref("AlertTest"), ...problemsOf() },
    }),
    async (request, reply) => reply.send((await testReceivers(context, callOf(request))) as never),
  );
}
