/** Reads the true labels that a request gives, as a list or as a column of its rows. */

import { NomalyError } from "@nomaly/detect";
import { columnsOf, haveNames, type RowsGiven } from "../../compute/rows/rows-given.ts";
import { labelsOf } from "../../files/read/labels.ts";
import type { TableSource } from "./rows-source.ts";

export interface TruthRequest {
  readonly labels?: readonly (number | boolean)[];
  readonly label_column?: string;
}

export type Truth =
  | { readonly kind: "labels"; readonly labels: Uint8Array }
  /** A column of a stored data set, which is read beside the scores. */
  | { readonly kind: "column"; readonly name: string };

/** @throws NomalyError REQUEST when both are given, COLUMN, LABEL with the row. */
export function truthOf({ labels, label_column: name }: TruthRequest, source: RowsGiven | TableSource): Truth | undefined {
  if (labels !== undefined && name !== undefined) {
    throw new NomalyError("REQUEST", "give either labels or label_column", { field: "label_column" });
  }
  if (labels !== undefined) return { kind: "labels", labels: Uint8Array.from(labels, Number) };
  if (name === undefined) return undefined;
  if (source.kind === "dataset") return { kind: "column", name };
  const { rows, rowCount } = source;
  const column = haveNames(rows) ? columnsOf(rows).find((one) => one.name === name) : undefined;
  if (column === undefined) {
    throw new NomalyError("COLUMN", `the rows have no column "${name}"`, { field: "label_column", received: name });
  }
  const cells = Array.from({ length: rowCount }, (_, row) => column.cellAt(row));
  const values = cells.map((cell) => (cell === null ? null : String(cell)));
  return { kind: "labels", labels: labelsOf({ kind: "text", name, values }) };
}
