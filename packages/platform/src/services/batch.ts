/** Many detectors on one table at once: each with its result or its error, none missing. */

import type { RowsGiven } from "../compute/rows-given.ts";
import type { Call, ServiceContext } from "./context.ts";
import { type Predicted, predictRows } from "./predict.ts";
import type { RowsSource } from "./rows-source.ts";
import { scoreTable } from "./score-dataset.ts";

export type BatchOutcome =
  | { readonly kind: "predicted"; readonly predicted: Predicted; readonly resultId?: string }
  | { readonly kind: "failed"; readonly error: unknown };

/** So many at once: each may hold the rows of a request. */
const concurrencyMax = 8;
const shownMax = 10_000;

/** By detector id, in the order given; an id given twice is scored once. One failure stops no other. */
export async function predictBatch(
  context: ServiceContext,
  call: Call,
  {
    detectorIds,
    source,
  }: { readonly detectorIds: readonly string[]; readonly source: Exclude<RowsSource, { readonly kind: "body" }> },
): Promise<ReadonlyMap<string, BatchOutcome>> {
  const ids = [...new Set(detectorIds)];
  const outcomes = new Map<string, BatchOutcome>(ids.map((id) => [id, { kind: "failed", error: undefined }]));
  const waiting = ids.values();
  const work = async () => {
    for (const id of waiting) outcomes.set(id, await predictOne(context, call, id, source));
  };
  await Promise.all(Array.from({ length: Math.min(concurrencyMax, ids.length) }, work));
  return outcomes;
}

async function predictOne(
  context: ServiceContext,
  call: Call,
  detectorId: string,
  source: RowsGiven | Extract<RowsSource, { readonly kind: "dataset" }>,
): Promise<BatchOutcome> {
  try {
    if (source.kind === "rows") {
      return { kind: "predicted", predicted: await predictRows(context, call, { detectorId, input: source, explain: false }) };
    }
    const scored = await scoreTable(context, call, { detectorId, source }, shownMax);
    const { model, rowCount, anomalyCount, resultId } = scored;
    const fragment = Buffer.from(JSON.stringify(scored.scores));
    return { kind: "predicted", predicted: { model, rowCount, anomalyCount, fragment, isCached: false }, resultId };
  } catch (error) {
    return { kind: "failed", error };
  }
}
