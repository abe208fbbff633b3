/** Restores the model of a file from outside in a worker, which may die of it, and tells what it is. */

import { readFile } from "node:fs/promises";
import { load, NomalyError } from "@nomaly/detect";
import type { CheckModelOrder } from "../../messages.ts";
import type { CheckedModel, ModelSummary } from "../../work.ts";
import { summaryOfModel } from "../model-summary.ts";

/** Largest description: names of columns and reasons, as JSON, which the database keeps with every version. */
const summaryLengthMax = 4 * 1024 ** 2;

/** @throws NomalyError MODEL_FILE, UNKNOWN_DETECTOR. */
export async function runCheckModel({ path }: CheckModelOrder): Promise<CheckedModel> {
  const bytes = await readFile(path);
  const model = load(bytes);
  const summary = summaryOfModel(model, bytes.length);
  requireStorable(summary);
  const { scaling, missing, hasNamedColumns } = model;
  const columns = hasNamedColumns ? { columns: summary.columns.map(({ name }) => name) } : {};
  return { summary, preparation: { scaling, missing, ...columns } };
}

/** PostgreSQL stores neither U+0000 nor half of a surrogate pair. @throws NomalyError MODEL_FILE. */
function requireStorable({ columns, skippedColumns, params }: ModelSummary): void {
  const skipped = skippedColumns.flatMap(({ name, reason }) => [name, reason]);
  const texts = [...columns.map(({ name }) => name), ...skipped, ...Object.keys(params), ...Object.values(params).map(String)];
  const bad = texts.find((text) => text.includes("\0") || !text.isWellFormed());
  if (bad !== undefined) {
    const shown = JSON.stringify(bad.slice(0, 40));
    throw new NomalyError("MODEL_FILE", `the name ${shown} in the model file has a character that cannot be stored`);
  }
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length <= summaryLengthMax) return;
  const message = `the names of columns in the model file have ${length} letters together, at most ${summaryLengthMax} are taken`;
  throw new NomalyError("TOO_LARGE", message, { field: "body", expected: `at most ${summaryLengthMax} letters` });
}
