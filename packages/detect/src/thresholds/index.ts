/** Thresholds and ranks: from training scores to labels and shares. */

export { createAlertRule } from "./alert-rule.ts";
export type { AlertRule, AlertRuleState } from "./alert-rule.ts";
export { createRanker, orderStatisticCountMax, rankStateOf, restoreRanker } from "./rank.ts";
export type { Ranker, RankState } from "./rank.ts";
export { fitThreshold, sortedScores, thresholdOfSorted } from "./threshold.ts";
export { defaultThreshold, parseThreshold, thresholdMethods } from "./threshold-spec.ts";
export type { GivenThreshold, ThresholdMethodName, ThresholdSpec } from "./threshold-spec.ts";
