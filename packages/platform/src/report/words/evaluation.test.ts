import { expect, it } from "vitest";
import { labelledCountsText } from "./evaluation.ts";

it.each([
  [137, 982, 123, "of 1,119 marked rows 137 (12 %) are known anomalies; 123 of the 260 known anomalies were not marked"],
  [1, 0, 1, "of 1 marked row 1 (100 %) is a known anomaly; 1 of the 2 known anomalies was not marked"],
  [2, 1, 0, "of 3 marked rows 2 (67 %) are known anomalies; no known anomaly was missed"],
  [0, 0, 1, "no row is marked; 1 of the 1 known anomaly was not marked"],
])(
  "%i anomalies found, %i false alarms and %i missed are told in words",
  (truePositives, falsePositives, falseNegatives, text) => {
    expect(labelledCountsText({ truePositives, falsePositives, falseNegatives })).toBe(text);
  },
);
