/** Words for how scores compare with known labels. */

import type { EvaluationFigures } from "../content.ts";
import { countText, percentText } from "../wording.ts";

/** What the figure means, for people who meet it here. */
export const rocAucNote =
  "ROC-AUC: how often a known anomaly scores higher than a normal row; 0.5 is no better than chance, 1 is perfect";

/** `of the 260 rows with the highest scores 48 are known anomalies`: the precision at that many, counted. */
export function topCountText({ truePositives, falseNegatives, precisionAtN }: EvaluationFigures): string {
  const knownCount = truePositives + falseNegatives;
  const right = Math.round(precisionAtN * knownCount);
  if (knownCount === 1)
    return `the row with the highest score ${right === 1 ? "is the known anomaly" : "is not the known anomaly"}`;
  const said = right === 1 ? "is a known anomaly" : "are known anomalies";
  return `of the ${knownCount.toLocaleString("en-US")} rows with the highest scores ${right.toLocaleString("en-US")} ${said}`;
}

/** `of 1,119 marked rows 137 (12 %) are known anomalies; 123 of the 260 known anomalies were not marked`. */
export function labelledCountsText({
  truePositives,
  falsePositives,
  falseNegatives,
}: Pick<EvaluationFigures, "truePositives" | "falsePositives" | "falseNegatives">): string {
  const markedCount = truePositives + falsePositives;
  const knownCount = truePositives + falseNegatives;
  const marked = countText(markedCount, "marked row");
  const share = percentText(truePositives / markedCount);
  const right = `of ${marked} ${truePositives.toLocaleString("en-US")} (${share}) ${truePositives === 1 ? "is a known anomaly" : "are known anomalies"}`;
  const known = countText(knownCount, "known anomaly", "known anomalies");
  const missed =
    falseNegatives === 0
      ? "no known anomaly was missed"
      : `${falseNegatives.toLocaleString("en-US")} of the ${known} ${falseNegatives === 1 ? "was" : "were"} not marked`;
  return `${markedCount === 0 ? "no row is marked" : right}; ${missed}`;
}
