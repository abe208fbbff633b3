/** Reads the true labels that a request gives, as a list or as a column of its rows. */

import { NomalyError } from "@nomaly/detect";
import { columnsOf, haveNames, type RowsGiven } from "../../compute/rows/rows-given.ts";
import { type LabelSource, labelsOf } from "../../files/read/labels.ts";
import type { TableSource } from "./rows-source.ts";

export interface TruthRequest {
  readonly labels?: readonly (number | boolean)[];
  readonly label_column?: string;
  readonly anomaly_value?: string | number | boolean;
}

export type Truth =
  | { readonly kind: "labels"; readonly labels: Uint8Array }
  /** A column of a stored data set, which is read beside the scores. */
  | { readonly kind: "column"; readonly column: LabelSource };

/** @throws NomalyError REQUEST when both are given, or a value without its column; COLUMN, LABEL with the row. */
export function truthOf(
  { labels, label_column: name, anomaly_value }: TruthRequest,
  source: RowsGiven | TableSource,
): Truth | undefined {
  if (labels !== undefined && name !== undefined) {
    throw new NomalyError("REQUEST", "give either labels or label_column", { field: "label_column" });
  }
  if (anomaly_value !== undefined && name === undefined) {
    const message = "anomaly_value is a value of the column of labels: it needs label_column";
    throw new NomalyError("REQUEST", message, { field: "anomaly_value", received: String(anomaly_value) });
  }
  if (labels !== undefined) return { kind: "labels", labels: Uint8Array.from(labels, Number) };
  if (name === undefined) return undefined;
  const anomalyValue = anomaly_value === undefined ? undefined : String(anomaly_value);
  if (source.kind === "dataset") return { kind: "column", column: { name, anomalyValue } };
  const { rows, rowCount } = source;
  const column = haveNames(rows) ? columnsOf(rows).find((one) => one.name === name) : undefined;
  if (column === undefined) {
    throw new NomalyError("COLUMN", `the rows have no column "${name}"`, { field: "label_column", received: name });
  }
  const cells = Array.from({ length: rowCount }, (_, row) => column.cellAt(row));
  const values = cells.map((cell) => (cell === null ? null : String(cell)));
  return { kind: "labels", labels: labelsOf({ kind: "text", name, values }, anomalyValue) };
}
