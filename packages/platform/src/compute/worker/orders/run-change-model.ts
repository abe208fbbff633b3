/** Makes another model from a stored one in a worker: one with another threshold, or one that has learned from further rows. */

import { type AnomalyModel, load, NomalyError, throwIfAborted } from "@nomaly/detect";
import type { ChangeModelOrder } from "../../messages.ts";
import { asRowsInput, chosenRows, inRequestTerms, type RowsGiven } from "../../rows/rows-given.ts";
import type { ChangedModel, ModelReference } from "../../work.ts";
import { requireLearner } from "../../learners.ts";
import { summaryOfModel } from "../model-summary.ts";
import type { OrderContext } from "../order-context.ts";
import { readBody } from "../read-body.ts";
import { handOver } from "../write-model.ts";

/** Rows learned from at once, before the worker looks for an abort. */
const rowsAtOnce = 10_000;

interface Made {
  readonly model: AnomalyModel;
  readonly learnedRowCount: number;
}

export async function runChangeModel(order: ChangeModelOrder, context: OrderContext): Promise<ChangedModel> {
  const { model, learnedRowCount } = await changed(order, context);
  const modelBytes = model.save();
  return { ...handOver(modelBytes, order.modelPath), summary: summaryOfModel(model, modelBytes.length), learnedRowCount };
}

async function changed({ change, model, temporaryFolder }: ChangeModelOrder, context: OrderContext): Promise<Made> {
  // Restored anew, as a model that learns changes itself, and the worker may keep one to score with.
  const restored = async (reference: ModelReference) => load(await context.modelBytes(reference));
  if (change.kind === "threshold") return { model: moved(await restored(required(model)), change.threshold), learnedRowCount: 0 };
  const { input } = change;
  if (input.kind === "file") {
    const found = await restored(required(model));
    // Imported here because the file readers take long to load.
    const [{ withGivenFile }, { updateOnTable }] = await Promise.all([
      import("../open-file.ts"),
      import("../../../table-work/update-table.ts"),
    ]);
    const report = (_: string, share: number | undefined) => share !== undefined && context.progress(share);
    const learnedRowCount = await withGivenFile(input, { ...context, temporaryFolder, threads: 1 }, ({ rows, sink }) =>
      updateOnTable({ rows, sink, caller: "service" }, { model: found, signal: context.signal }, { report }),
    );
    return { model: found, learnedRowCount };
  }
  if (input.kind === "rows") return updated(await restored(required(model)), input, context);
  const body = await readBody(input, context.settings.limits, context.signal);
  const reference = model ?? ((await context.askPlan(body.fields)) as ModelReference);
  return updated(await restored(reference), body.input, context);
}

function required(model: ModelReference | undefined): ModelReference {
  if (model === undefined) throw new Error("internal: no model was named");
  return model;
}

/** @throws NomalyError PARAM, UNSUPPORTED with the field of the request. */
function moved(model: AnomalyModel, threshold: Readonly<Record<string, unknown>>): AnomalyModel {
  try {
    return model.withThreshold(threshold);
  } catch (error) {
    throw error instanceof NomalyError && error.code === "UNSUPPORTED" ? error.retold({ field: "method" }) : error;
  }
}

async function updated(model: AnomalyModel, input: RowsGiven, { signal }: OrderContext): Promise<Made> {
  requireLearner(model.detectorId, "detector_id");
  for (let start = 0; start < input.rowCount; start += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, input.rowCount - start);
    const isAll = count === input.rowCount;
    const piece = isAll
      ? input
      : chosenRows(
          input,
          Array.from({ length: count }, (_, row) => start + row),
        );
    updateOn(model, piece, start);
    // Lets an abort arrive.
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
  }
  return { model, learnedRowCount: input.rowCount };
}

function updateOn(model: AnomalyModel, { rows }: RowsGiven, start: number): void {
  try {
    model.update(asRowsInput(rows));
  } catch (error) {
    const isOfRow = error instanceof NomalyError && error.rowIndex !== undefined;
    throw inRequestTerms(isOfRow ? error.retold({ rowIndex: start + (error.rowIndex ?? 0) }) : error);
  }
}
