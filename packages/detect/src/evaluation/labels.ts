/** Checks labels before anything is measured with them. */

import { NomalyError } from "../errors.ts";

/** True labels: 1 anomalous, 0 normal; one a row. */
export type Labels = ArrayLike<number>;

/**
 * Both classes must be present: without anomalies, or without normal rows, there is nothing to rank.
 * @returns how many rows are anomalous.
 * @throws NomalyError LABEL when a label is not 0 or 1 or all are equal, SHAPE when there is not one for each score.
 */
export function requireLabels(labels: Labels, rowCount: number): number {
  if (labels.length !== rowCount) {
    const received = String(labels.length);
    throw new NomalyError("SHAPE", `${rowCount} scores need as many labels, got ${received}`, { field: "labels", received });
  }
  let positiveCount = 0;
  for (let row = 0; row < rowCount; row++) {
    const label = labels[row];
    if (label !== 0 && label !== 1) {
      const field = `labels[${row}]`;
      throw new NomalyError("LABEL", `label ${row} must be 0 (normal) or 1 (anomalous), got ${label}`, {
        field,
        received: String(label),
      });
    }
    positiveCount += label;
  }
  if (positiveCount === 0 || positiveCount === rowCount) {
    const received = `${positiveCount} of ${rowCount} anomalous`;
    throw new NomalyError("LABEL", `labels must hold both 0 and 1, got ${received}`, { field: "labels", received });
  }
  return positiveCount;
}
