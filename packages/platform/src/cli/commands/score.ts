/** `nomaly score`: scores the rows of a file with a saved model, in bounded memory. */

import type { AnomalyModel } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import type { Source } from "../../files/read/source.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { topCountOf } from "./detect.ts";
import { scoreFile } from "../fitting/detection.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { createFindings } from "../presenting/findings.ts";
import { readModel } from "../fitting/model-file.ts";
import { columnHint, requireColumns, threadCountOf, withInput } from "../fitting/open-input.ts";
import { openOutputs } from "../presenting/outputs.ts";
import { present, sourceNotes } from "../presenting/present.ts";
import { createProgress } from "../frame/progress-bar.ts";

export async function runScore(given: Arguments, context: CliContext): Promise<void> {
  const startedAt = context.now();
  const progress = createProgress(context);
  const path = given.text("model");
  if (path === undefined) throw new UsageError("nomaly score needs -m MODEL: a file made by nomaly fit");
  const model = readModel(path);
  const [label, nameColumn] = [given.text("label"), given.text("id")];
  const topCount = topCountOf(given);
  const outputs = openOutputs(given, context);
  await withInput(given, context, async (source) => {
    requireColumns(source, nameColumn === undefined ? [] : [nameColumn], "--id");
    requireColumns(source, label === undefined ? [] : [label], "--label");
    requireModelColumns(source, model);
    const findings = createFindings({ topCount, label, seed: model.seed });
    const scoring = {
      source,
      model,
      progress,
      threads: threadCountOf(given),
      ...columnsToRead(source, model, label, nameColumn),
    };
    await scoreFile({ ...scoring, signal: context.signal }, findings);
    progress.clear();
    const { trainingRowCount: fittedRowCount } = model;
    const notes = sourceNotes({ source });
    await present({ source, model, findings, fittedRowCount, label, nameColumn, notes }, given, context, { outputs, startedAt });
  });
}

interface ColumnsToRead {
  readonly columns: readonly string[];
  /** Those of them that are only shown. */
  readonly shownColumns: readonly string[];
}

/** The model's columns, those asked for, and one that may name the rows: reading no more is faster. */
export function columnsToRead(
  source: Source,
  model: AnomalyModel,
  label: string | undefined,
  nameColumn?: string,
): ColumnsToRead {
  const skipped = model.skippedColumns.map(({ name }) => name);
  const naming = source.columns.find((column) => column.kind === "text" && skipped.includes(column.name))?.name;
  const learned = new Set(model.columns.map(({ name }) => name));
  const wanted = new Set([...learned, label, nameColumn, naming]);
  const columns = source.columns.map(({ name }) => name).filter((name) => wanted.has(name));
  return { columns, shownColumns: columns.filter((name) => !learned.has(name) && name !== label) };
}

/** @throws NomalyError COLUMN naming all that the model needs and the file has not. */
export function requireModelColumns(source: Source, model: AnomalyModel): void {
  const known = source.columns.filter((column) => column.kind !== undefined).map((column) => column.name);
  const missing = model.columns.map(({ name }) => name).filter((name) => !known.includes(name));
  if (missing.length === 0) return;
  const names =
    missing
      .slice(0, 8)
      .map((name) => `"${name}"`)
      .join(", ") + (missing.length > 8 ? ", ..." : "");
  throw new NomalyError(
    "COLUMN",
    `${source.name} has no column ${names}, which the model was fitted on; ${columnHint(missing[0], known)}`,
    {
      field: missing[0],
    },
  );
}
