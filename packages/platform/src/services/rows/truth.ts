/** Known labels that a request gives: a list, or a column of its rows. */

import { NomalyError } from "@nomaly/detect";
import { labelsOf } from "../../files/read/labels.ts";
import type { RowsRequest } from "./rows-source.ts";

export interface TruthRequest {
  readonly labels?: readonly (number | boolean)[];
  readonly label_column?: string;
}

export type Truth =
  | { readonly kind: "labels"; readonly labels: Uint8Array }
  /** Of a stored data set: read beside the scores. */
  | { readonly kind: "column"; readonly name: string };

/** @throws NomalyError REQUEST when both are given, COLUMN, LABEL naming the row. */
export function truthOf({ labels, label_column: name }: TruthRequest, rows: RowsRequest): Truth | undefined {
  if (labels !== undefined && name !== undefined) {
    throw new NomalyError("REQUEST", "give either labels or label_column", { field: "label_column" });
  }
  if (labels !== undefined) return { kind: "labels", labels: Uint8Array.from(labels, Number) };
  if (name === undefined) return undefined;
  if (rows.dataset_id !== undefined) return { kind: "column", name };
  // Cells were checked with the rows: none is an object.
  const cells = cellsOf(rows, name) as readonly (string | number | boolean | null | undefined)[];
  const values = cells.map((cell) => (cell === null || cell === undefined ? null : String(cell)));
  return { kind: "labels", labels: labelsOf({ kind: "text", name, values }) };
}

function cellsOf({ data, columns }: RowsRequest, name: string): readonly unknown[] {
  if (!Array.isArray(data)) {
    const table = data as Readonly<Record<string, readonly unknown[]>>;
    if (Object.hasOwn(table, name)) return table[name];
    throw noColumn(name);
  }
  const rows: readonly unknown[] = data;
  if (!Array.isArray(rows[0])) {
    const objects = rows as readonly Readonly<Record<string, unknown>>[];
    if (objects.some((row) => Object.hasOwn(row, name))) return objects.map((row) => row[name]);
    throw noColumn(name);
  }
  const position = columns?.indexOf(name) ?? -1;
  if (position < 0) throw noColumn(name);
  return (rows as readonly (readonly unknown[])[]).map((row) => row[position]);
}

function noColumn(name: string): NomalyError {
  return new NomalyError("COLUMN", `the rows have no column "${name}"`, { field: "label_column", received: name });
}
