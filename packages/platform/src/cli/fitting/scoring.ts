/** Turns a command line into options for scoring a file with a model. */

import type { AnomalyModel } from "@nomaly/detect";
import type { GivenTable } from "../../table-work/given-table.ts";
import type { Scoring } from "../../table-work/score-table.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { threadCountOf } from "./open-input.ts";

/** Reads only the model's columns, the label and name columns, and one that may name the rows. */
export function scoringOf(
  given: Arguments,
  { signal }: CliContext,
  { table: { rows }, model }: { readonly table: GivenTable; readonly model: AnomalyModel },
  { label, nameColumn }: { readonly label?: string | undefined; readonly nameColumn?: string | undefined } = {},
): Scoring {
  const skipped = model.skippedColumns.map(({ name }) => name);
  const naming = rows.columns.find((column) => column.kind === "text" && skipped.includes(column.name))?.name;
  const learned = new Set(model.columns.map(({ name }) => name));
  const wanted = new Set([...learned, label, nameColumn, naming]);
  const columns = rows.columns.map(({ name }) => name).filter((name) => wanted.has(name));
  const shownColumns = columns.filter((name) => !learned.has(name) && name !== label);
  return { model, threads: threadCountOf(given), signal, columns, shownColumns };
}
