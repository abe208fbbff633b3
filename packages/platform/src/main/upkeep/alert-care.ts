/** Evaluates the alert rules, and sends the messages about them, which a slow receiver does not hold up. */

import { deliverAlerts } from "../../services/alerts/deliver.ts";
import { alertTurn } from "../../services/alerts/take-turn.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { isDatabaseAway } from "../../store/postgres/database-error.ts";
import { repeat, type Repeated } from "./repeat.ts";

const deliverEveryMs = 1000;

export function startAlertCare(context: ServiceContext): Repeated {
  // The connection watch logs a lost database; the next turn tries again.
  const warn = (what: string) => (error: unknown) => {
    if (!isDatabaseAway(error)) context.log.warn({ err: error }, `${what}; the next turn tries again`);
  };
  const evaluation = repeat(alertTurn(context), {
    everyMs: context.config.alertIntervalS * 1000,
    onError: warn("alerts could not be evaluated"),
  });
  if (context.alertReceivers.length === 0) return evaluation;
  const delivery = repeat((signal) => deliverAlerts(context, signal), {
    everyMs: deliverEveryMs,
    onError: warn("messages about alerts could not be sent"),
  });
  return { close: async () => void (await Promise.all([evaluation.close(), delivery.close()])) };
}
