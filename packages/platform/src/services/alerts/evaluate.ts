/** Decides from rules, readings and a time which alerts fire and what is said of them. Pure: the time is passed in. */

import type { AlertState } from "../../store/tables/alerts/states.ts";

export interface EvaluatedRule {
  readonly id: string;
  readonly operator: ">" | ">=" | "<" | "<=";
  readonly threshold: number;
  /** How long the value must breach without a pause before the rule fires. */
  readonly heldSeconds: number;
  /** As many evaluations in a row must breach. */
  readonly breaches: number;
  readonly cooldownSeconds: number;
  readonly enabled: boolean;
  readonly isSilenced: boolean;
}

export interface RuleState {
  readonly state: AlertState;
  readonly since: Date;
  /** Null for no data. */
  readonly value: number | null;
  readonly breachCount: number;
  readonly breachSince: Date | null;
  /** Whether receivers were told that it fires. */
  readonly isNotified: boolean;
}

export type AlertChange = "firing" | "resolved";

export interface Evaluated {
  readonly after: RuleState;
  readonly change?: AlertChange;
  /** What receivers are told. */
  readonly notice?: AlertChange;
}

/** Enough to compare with any number of breaches. */
const countMax = 1_000_000;

/**
 * One step of a rule: ok -> pending -> firing -> resolved -> ok. A rule that has resolved stays so for the cool-down, in which it cannot
 * fire; it fires at once after it when the value has breached long enough by then. No data and a disabled rule breach nothing.
 */
export function evaluateRule(rule: EvaluatedRule, before: RuleState | undefined, value: number | null, now: Date): Evaluated {
  const isBreach = rule.enabled && value !== null && breaches(rule, value);
  const breachSince = isBreach ? earlier(before?.breachSince ?? now, now) : null;
  const breachCount = isBreach ? Math.min(countMax, (before?.breachCount ?? 0) + 1) : 0;
  const isDue = breachSince !== null && breachCount >= rule.breaches && secondsBetween(breachSince, now) >= rule.heldSeconds;
  const state = nextState(rule, before, { isBreach, isDue, hasValue: value !== null && rule.enabled }, now);
  const isSame = before?.state === state;
  const wasNotified = before?.isNotified ?? false;
  // A silence that ends while the rule fires tells it then. What was told to fire is told to be resolved even in a silence.
  const tellsFiring = state === "firing" && !wasNotified && !rule.isSilenced;
  const hasResolved = state === "resolved" && !isSame;
  const tellsResolved = hasResolved && wasNotified;
  const isNotified = state === "firing" && (wasNotified || tellsFiring);
  const since = isSame ? earlier(before.since, now) : now;
  const change = state === "firing" && !isSame ? "firing" : hasResolved ? "resolved" : undefined;
  const notice = tellsFiring ? "firing" : tellsResolved ? "resolved" : undefined;
  return {
    after: { state, since, value, breachCount, breachSince, isNotified },
    ...(change === undefined ? {} : { change }),
    ...(notice === undefined ? {} : { notice }),
  };
}

interface Seen {
  readonly isBreach: boolean;
  readonly isDue: boolean;
  readonly hasValue: boolean;
}

function nextState(
  rule: EvaluatedRule,
  before: RuleState | undefined,
  { isBreach, isDue, hasValue }: Seen,
  now: Date,
): AlertState {
  if (before?.state === "firing") return isBreach ? "firing" : "resolved";
  if (before?.state === "resolved" && secondsBetween(earlier(before.since, now), now) < rule.cooldownSeconds) return "resolved";
  if (isDue) return "firing";
  if (isBreach) return "pending";
  return hasValue ? "ok" : "no_data";
}

function breaches({ operator, threshold }: EvaluatedRule, value: number): boolean {
  switch (operator) {
    case ">":
      return value > threshold;
    case ">=":
      return value >= threshold;
    case "<":
      return value < threshold;
    case "<=":
      return value <= threshold;
  }
}

/** After a step back of the clock, times to come would last as long as the step. */
function earlier(time: Date, now: Date): Date {
  return time.getTime() > now.getTime() ? now : time;
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}
