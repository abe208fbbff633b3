/** Routes of the rules of alerts, and of their silences. */

import { Type } from "typebox";
import {
  changeAlertRule,
  createAlertRule,
  endSilence,
  listAlertRules,
  removeAlertRule,
  resetAlertRules,
  silenceAlertRule,
} from "../../../services/alerts/alert-rules.ts";
import type { ServiceContext } from "../../../services/core/context.ts";
import type { App } from "../../app.ts";
import { AlertRuleChange, AlertSilence, NewAlertRule } from "../../schemas/alerts.ts";
import { callOf, IdParams, problemsOf, removed, route } from "../shared/shared.ts";

const tags = ["alerts"];
const ruleChanged = { 200: Type.Ref("AlertRule"), ...problemsOf(404, 409, 413, 415) };

export function registerAlertRules(app: App, context: ServiceContext): void {
  registerRules(app, context);
  registerSilences(app, context);
}

function registerRules(app: App, context: ServiceContext): void {
  app.get(
    "/api/alerts/rules",
    route({ scope: "read", tags, summary: "all alert rules", response: { 200: Type.Ref("AlertRuleList"), ...problemsOf() } }),
    async (_request, reply) => reply.send((await listAlertRules(context)) as never),
  );
  app.post(
    "/api/alerts/rules",
    route({
      scope: "admin",
      tags,
      summary: "make an alert rule",
      body: NewAlertRule,
      example: { name: "many-requests", metric: "throughput", operator: ">", threshold: 500, window_seconds: 120 },
      response: { 201: Type.Ref("AlertRule"), ...problemsOf(409, 413, 415) },
    }),
    async (request, reply) => {
      const { value, isRepeated } = await createAlertRule(context, callOf(request), request.body);
      if (isRepeated) reply.header("idempotent-replayed", "true");
      return reply.code(201).send(value);
    },
  );
  app.post(
    "/api/alerts/rules/reset",
    route({
      scope: "admin",
      tags,
      summary: "give the default rules their conditions again, enable them, and add those that were removed",
      response: { 200: Type.Ref("AlertRuleList"), ...problemsOf(409) },
    }),
    async (request, reply) => reply.send((await resetAlertRules(context, callOf(request))) as never),
  );
  app.patch(
    "/api/alerts/rules/:id",
    route({
      scope: "admin",
      tags,
      summary: "change an alert rule, or switch it on or off",
      params: IdParams,
      body: AlertRuleChange,
      example: { threshold: 80 },
      response: ruleChanged,
    }),
    async (request, reply) =>
      reply.send((await changeAlertRule(context, callOf(request), request.params.id, request.body)) as never),
  );
  app.delete(
    "/api/alerts/rules/:id",
    route({
      scope: "admin",
      tags,
      summary: "remove an alert rule; if it fires, receivers get no further message",
      params: IdParams,
      response: { 204: removed, ...problemsOf(404) },
    }),
    async (request, reply) => {
      await removeAlertRule(context, callOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function registerSilences(app: App, context: ServiceContext): void {
  app.post(
    "/api/alerts/rules/:id/silence",
    route({
      scope: "admin",
      tags,
      summary: "send no messages that a rule fires, for a time",
      params: IdParams,
      body: AlertSilence,
      example: { seconds: 3600, reason: "the disk is being replaced" },
      response: ruleChanged,
    }),
    async (request, reply) =>
      reply.send((await silenceAlertRule(context, callOf(request), request.params.id, request.body)) as never),
  );
  app.delete(
    "/api/alerts/rules/:id/silence",
    route({
      scope: "admin",
      tags,
      summary: "end the silence of a rule; if it fires, receivers are told now",
      params: IdParams,
      response: { 200: Type.Ref("AlertRule"), ...problemsOf(404) },
    }),
    async (request, reply) => reply.send((await endSilence(context, callOf(request), request.params.id)) as never),
  );
}
