/** Calls for alerts. */

import { listed, type ListOptions } from "../pages.ts";
import { type CallOptions, json, nothing, type Transport } from "../transport.ts";
import type {
  AlertEvent,
  AlertRule,
  AlertRuleChange,
  AlertRuleList,
  Alerts,
  AlertSilence,
  AlertTest,
  NewAlertRule,
} from "./alert-types.ts";

/** Calls for alerts: what fires now, what has fired, and the rules. */
export interface AlertCalls {
  /** The states of all rules, who evaluates them, and how the receivers do. */
  now(options?: CallOptions): Promise<Alerts>;
  /** What has fired and resolved in 30 days, newest first. */
  history(options?: ListOptions): AsyncGenerator<AlertEvent, void>;
  /** All rules, by name. */
  rules(options?: CallOptions): Promise<AlertRuleList>;
  /** Makes a rule. */
  create(rule: NewAlertRule, options?: CallOptions): Promise<AlertRule>;
  /** Changes a rule, or switches it on or off. */
  change(id: string, change: AlertRuleChange, options?: CallOptions): Promise<AlertRule>;
  /** Removes a rule; if it fires, receivers get no further message. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** Gives the default rules their conditions again, enables them, and adds those that were removed. */
  reset(options?: CallOptions): Promise<AlertRuleList>;
  /** Sends no messages that a rule fires, for a time. */
  silence(id: string, silence: AlertSilence, options?: CallOptions): Promise<AlertRule>;
  /** Ends the silence of a rule. */
  endSilence(id: string, options?: CallOptions): Promise<AlertRule>;
  /** Sends a test message to all receivers, and tells how each took it. */
  test(options?: CallOptions): Promise<AlertTest>;
}

export function alertsOf(transport: Transport): AlertCalls {
  const { call } = transport;
  return {
    now: (options) => call({ route: "GET /api/alerts" }, json<Alerts>, options),
    history: (options = {}) => listed<AlertEvent>(transport, { route: "GET /api/alerts/history" }, options),
    rules: (options) => call({ route: "GET /api/alerts/rules" }, json<AlertRuleList>, options),
    create: (rule, options) => call({ route: "POST /api/alerts/rules", json: rule, isChange: true }, json<AlertRule>, options),
    change: (id, change, options) =>
      call({ route: "PATCH /api/alerts/rules/:id", id, json: change, isChange: true }, json<AlertRule>, options),
    remove: (id, options) => call({ route: "DELETE /api/alerts/rules/:id", id, isChange: true }, nothing, options),
    reset: (options) => call({ route: "POST /api/alerts/rules/reset", isChange: true }, json<AlertRuleList>, options),
    silence: (id, silence, options) =>
      call({ route: "POST /api/alerts/rules/:id/silence", id, json: silence, isChange: true }, json<AlertRule>, options),
    endSilence: (id, options) =>
      call({ route: "DELETE /api/alerts/rules/:id/silence", id, isChange: true }, json<AlertRule>, options),
    test: (options) => call({ route: "POST /api/alerts/test" }, json<AlertTest>, options),
  };
}
