/** How predicted labels agree with true ones, at one threshold. */

import { NomalyError } from "../errors.ts";
import type { Labels } from "./labels.ts";
import { requireLabels } from "./labels.ts";

/** How many rows were labelled right and wrong. */
export interface Confusion {
  /** Anomalous and flagged. */
  readonly truePositives: number;
  /** Normal, yet flagged. */
  readonly falsePositives: number;
  /** Anomalous, yet missed. */
  readonly falseNegatives: number;
  /** Normal and not flagged. */
  readonly trueNegatives: number;
}

/**
 * @param predicted 1 where a row was flagged, else 0.
 * @throws NomalyError LABEL when a true label is not 0 or 1 or all are equal, or a predicted one is not 0 or 1; SHAPE.
 */
export function confusion(labels: Labels, predicted: Labels): Confusion {
  requireLabels(labels, predicted.length);
  const counts = [0, 0, 0, 0];
  for (let row = 0; row < predicted.length; row++) {
    const flag = predicted[row];
    if (flag !== 0 && flag !== 1) {
      const field = `predicted[${row}]`;
      throw new NomalyError("LABEL", `predicted label ${row} must be 0 or 1, got ${flag}`, { field, received: String(flag) });
    }
    counts[2 * labels[row] + flag]++;
  }
  return { trueNegatives: counts[0], falsePositives: counts[1], falseNegatives: counts[2], truePositives: counts[3] };
}

/** Share of flagged rows that are anomalous; 0 when none is flagged. */
export function precision({ truePositives, falsePositives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falsePositives);
}

/** Share of anomalous rows that are flagged. */
export function recall({ truePositives, falseNegatives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falseNegatives);
}

/** Harmonic mean of precision and recall; 0 when no anomaly is flagged. */
export function f1({ truePositives, falsePositives, falseNegatives }: Confusion): number {
  return truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives);
}
