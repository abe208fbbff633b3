/** Alerts on a stream of scores: one for an event, and fewer the more there have been lately. */

import { NomalyError } from "../errors.ts";

/** What an alert rule remembers: plain data, to be kept beside a saved model. */
export interface AlertRuleState {
  /** How many alerts there have been lately: each counts 1, and half of it 3000 rows later. */
  readonly load: number;
  /** Rows to come on which there will be no alert. */
  readonly restRowCount: number;
}

/** Decides for each score of a stream whether it is an alert. */
export interface AlertRule {
  /** Whether the next row is an alert. @throws NomalyError NOT_FINITE for NaN; the rule then stays as it was. */
  next(score: number): boolean;
  /** What {@link createAlertRule} goes on from. */
  toState(): AlertRuleState;
}

/** Least score of the first alert. */
const scoreMin = 1.75;
/** What an alert adds to the least score of the next one. */
const loadCost = 0.3;
const loadHalfLife = 3000;
/** Rows after an alert on which there is none: they belong to the same event. */
const restRowCountMax = 75;
const loadKept = 2 ** (-1 / loadHalfLife);
/** An alert on every row that may have one leads to a load of 57.5. */
const loadMax = 60;

/**
 * The rule for the scores of series-novelty: an alert where `score - 0.3 load >= 1.75` and more than 75 rows have passed since the last one;
 * each alert adds 1 to the load, which halves every 3000 rows. Call `next` with the score of every row, in order.
 * @param state of a rule that this one goes on from; the start of a stream without.
 * @throws NomalyError PARAM for a state that no rule can have.
 * @example
 * const rule = createAlertRule();
 * const alerts = Array.from([0.1, 3.2, 4, 0.2], (score) => rule.next(score)); // [false, true, false, false]
 */
export function createAlertRule(state: AlertRuleState = { load: 0, restRowCount: 0 }): AlertRule {
  requireInRange("load", state.load, loadMax);
  requireInRange("restRowCount", state.restRowCount, restRowCountMax);
  let { load, restRowCount } = state;
  if (!Number.isInteger(restRowCount)) throw invalid("restRowCount", restRowCount, "a whole number");

  function next(score: number): boolean {
    if (Number.isNaN(score)) {
      throw new NomalyError("NOT_FINITE", "the score is NaN; an alert rule needs a number for every row", { field: "score" });
    }
    load *= loadKept;
    const isResting = restRowCount > 0;
    if (isResting) restRowCount--;
    if (isResting || !(score - loadCost * load >= scoreMin)) return false;
    load += 1;
    restRowCount = restRowCountMax;
    return true;
  }

  return { next, toState: () => ({ load, restRowCount }) };
}

function requireInRange(field: string, value: unknown, max: number): void {
  if (typeof value !== "number" || !(value >= 0 && value <= max)) throw invalid(field, value, `a number from 0 to ${max}`);
}

function invalid(field: string, value: unknown, expected: string): NomalyError {
  const received = String(value);
  return new NomalyError("PARAM", `an alert rule's ${field} must be ${expected}, got ${received}`, { field, expected, received });
}
