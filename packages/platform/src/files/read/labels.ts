/** Converts known labels of a file's rows (numbers, booleans or words) to 1 for anomalous and 0 for normal. */

import { type Column, NomalyError, rowAtFault } from "@nomaly/detect";

const anomalousWords = ["1", "1.0", "true", "yes", "y", "t", "anomaly", "anomalous", "abnormal", "outlier", "fraud", "attack"];
const normalWords = ["0", "0.0", "false", "no", "n", "f", "normal", "inlier", "nominal", "benign"];

/** @throws NomalyError LABEL naming the row (from 0 within the column) whose value is no label. */
export function labelsOf(column: Column): Uint8Array {
  const labels = new Uint8Array(column.values.length);
  for (let row = 0; row < labels.length; row++) {
    const value = column.values[row];
    const label = typeof value === "number" ? labelOfNumber(value, column.kind) : labelOfText(value);
    if (label === undefined) throw notALabel(column.name, value, row);
    labels[row] = label;
  }
  return labels;
}

function labelOfNumber(value: number, kind: Column["kind"]): number | undefined {
  return kind !== "date" && (value === 0 || value === 1) ? value : undefined;
}

function labelOfText(value: string | null): number | undefined {
  const word = value?.trim().toLowerCase() ?? "";
  if (anomalousWords.includes(word)) return 1;
  return normalWords.includes(word) ? 0 : undefined;
}

function notALabel(name: string, value: number | string | null, rowIndex: number): NomalyError {
  const received = value === null || Number.isNaN(value) ? "nothing" : `"${String(value).slice(0, 40)}"`;
  const expects = `column "${name}" must hold labels, 1 for anomalous and 0 for normal (or yes and no, anomaly and normal); `;
  const message = [expects, rowAtFault, ` holds ${received}`];
  return new NomalyError("LABEL", message, { field: name, received, rowIndex });
}
