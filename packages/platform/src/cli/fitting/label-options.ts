/** Reads `--label` and `--anomaly-value`. */

import { createLabelReader, type LabelReader } from "../../files/read/labels.ts";
import { percentText } from "../../report/wording.ts";
import type { Arguments } from "../frame/arguments.ts";
import { UsageError } from "../frame/exit-codes.ts";

export function labelReaderOf(given: Arguments): LabelReader | undefined {
  const name = given.text("label");
  if (name !== undefined) return createLabelReader({ name, anomalyValue: given.text("anomaly-value") });
  if (given.has("anomaly-value")) throw new UsageError("--anomaly-value is about labels: it needs --label COL");
  return undefined;
}

interface Measured {
  readonly rocAuc: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** A line for labels that may be the wrong way round: most rows are anomalous, and they have the lower scores. */
export function invertedLabelNotes(labels: LabelReader, figures: Measured): readonly string[] {
  const { rocAuc, truePositives, falseNegatives, falsePositives, trueNegatives } = figures;
  const anomalousCount = truePositives + falseNegatives;
  const share = anomalousCount / (anomalousCount + falsePositives + trueNegatives);
  if (rocAuc >= 0.5 || share <= 0.5) return [];
  const { anomalous, normal } = labels.values();
  return [
    `the labels may be the wrong way round: "${anomalous}" counts as anomalous, ${percentText(share)} of the rows have it, and the others ` +
      `have the higher scores; try --anomaly-value ${/^[\w.+-]+$/.test(normal) ? normal : `"${normal}"`}`,
  ];
}
