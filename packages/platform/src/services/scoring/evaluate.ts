/** Evaluates a detector against true labels, and compares several detectors, with true labels or without. */

import { averagePrecision, confusion, f1, NomalyError, precision, precisionAtN, recall, rocAuc } from "@nomaly/detect";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { agreement, type Agreement } from "./agreement.ts";
import { requireJudgeable } from "../rows/judged-size.ts";
import { liveModel, type LiveModel } from "../detectors/live-model.ts";
import type { TableSource } from "../rows/rows-source.ts";
import { withScoredFile } from "./scored-file.ts";
import type { Truth } from "../rows/truth.ts";

export interface Figures {
  readonly roc_auc: number;
  readonly average_precision: number;
  /** Precision among the N rows of highest score, N being the number of true anomalies. */
  readonly precision_at_n: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly confusion: {
    readonly true_positives: number;
    readonly false_positives: number;
    readonly false_negatives: number;
    readonly true_negatives: number;
  };
}

export interface Evaluated {
  readonly model: LiveModel;
  readonly rowCount: number;
  readonly figures: Figures;
}

interface Asked {
  readonly detectorId: string;
  readonly source: RowsGiven | TableSource;
  readonly truth: Truth | undefined;
}

/** @throws NomalyError LABEL when labels are missing or all equal; and as predicting does. */
export async function evaluate(context: ServiceContext, call: Call, asked: Asked): Promise<Evaluated> {
  if (asked.truth === undefined) {
    const message = "evaluating needs known anomalies: give labels, one 0 or 1 for each row, or label_column";
    throw new NomalyError("LABEL", message, { field: "labels", expected: "labels or label_column", received: "neither" });
  }
  requireJudgeable(context, asked.source);
  const { model, scores, truth } = await scoresOf(context, call, asked);
  if (truth === undefined) throw new Error("internal: the labels that were given are missing");
  return { model, rowCount: scores.length, figures: figuresOf(truth, scores, model.threshold) };
}

export type Compared =
  | { readonly kind: "scored"; readonly model: LiveModel; readonly anomalyCount: number; readonly figures?: Figures }
  | { readonly kind: "failed"; readonly error: unknown };

export interface Comparison {
  readonly rowCount: number;
  readonly compared: ReadonlyMap<string, Compared>;
  readonly agreement: Agreement;
}

/** A failure does not stop the other detectors, unless it is one of the labels. Without labels only their agreement is computed. */
export async function compare(
  context: ServiceContext,
  call: Call,
  { detectorIds, ...asked }: Omit<Asked, "detectorId"> & { readonly detectorIds: readonly string[] },
): Promise<Comparison> {
  const ids = new Set(detectorIds);
  requireJudgeable(context, asked.source, ids.size);
  const compared = new Map<string, Compared>();
  const scoresById = new Map<string, Float64Array>();
  // One after the other, as each may use all workers and holds a score for each row.
  for (const detectorId of ids) {
    try {
      const { model, scores, truth } = await scoresOf(context, call, { detectorId, ...asked });
      const anomalyCount = scores.reduce((count, score) => count + (score > model.threshold ? 1 : 0), 0);
      const figures = truth === undefined ? {} : { figures: figuresOf(truth, scores, model.threshold) };
      compared.set(detectorId, { kind: "scored", model, anomalyCount, ...figures });
      scoresById.set(detectorId, scores);
    } catch (error) {
      if (call.signal.aborted || isAboutLabels(error)) throw error;
      compared.set(detectorId, { kind: "failed", error });
    }
  }
  const rowCount = scoresById.values().next().value?.length ?? 0;
  return { rowCount, compared, agreement: agreement(scoresById) };
}

/** Labels that are wrong for one detector are wrong for all. */
function isAboutLabels(error: unknown): boolean {
  return error instanceof NomalyError && (error.code === "LABEL" || error.field === "label_column");
}

async function scoresOf(
  context: ServiceContext,
  call: Call,
  { detectorId, source, truth }: Asked,
): Promise<{ readonly model: LiveModel; readonly scores: Float64Array; readonly truth: Uint8Array | undefined }> {
  if (source.kind === "rows") {
    const model = await liveModel(context, detectorId);
    const work = { model: { versionId: model.version_id }, input: source };
    const { scores } = await context.compute.predict(work, controlOf(call));
    if (truth?.kind === "column") throw new Error("internal: labels of rows in a request are read with the request");
    return { model, scores, truth: truth?.labels };
  }
  const labels = truth?.kind === "column" ? { labels: truth.column } : {};
  return withScoredFile(context, call, { detectorId, source, wanted: { scores: true, ...labels } }, async (scored) => {
    const { outcome, model } = scored;
    if (outcome.scores === undefined) throw new Error("internal: the scores that were asked for are missing");
    return { model, scores: outcome.scores, truth: truth?.kind === "labels" ? truth.labels : outcome.truth };
  });
}

function figuresOf(labels: Uint8Array, scores: Float64Array, threshold: number): Figures {
  const counts = confusion(
    labels,
    scores.map((score) => (score > threshold ? 1 : 0)),
  );
  return {
    roc_auc: rocAuc(labels, scores),
    average_precision: averagePrecision(labels, scores),
    precision_at_n: precisionAtN(labels, scores),
    precision: precision(counts),
    recall: recall(counts),
    f1: f1(counts),
    confusion: {
      true_positives: counts.truePositives,
      false_positives: counts.falsePositives,
      false_negatives: counts.falseNegatives,
      true_negatives: counts.trueNegatives,
    },
  };
}
