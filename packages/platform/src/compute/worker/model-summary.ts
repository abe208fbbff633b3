/** Describes a model without the rows that it was fitted on, by the training scores that it keeps. */

import type { AnomalyModel } from "@nomaly/detect";
import type { ModelSummary, ScoreQuantiles } from "../work.ts";

/** @param rowCount rows that the input of the fit had. */
export function summaryOfModel(model: AnomalyModel, sizeBytes: number, rowCount = model.trainingRowCount): ModelSummary {
  const { detectorId, params, seed, skippedColumns, threshold, thresholdSpec, trainingRowCount } = model;
  const anomalyShare = shareAbove(model, threshold);
  return {
    detectorId,
    params,
    seed,
    rowCount,
    fittedRowCount: trainingRowCount,
    columns: model.columns.map(({ name, kind }) => ({ name, kind })),
    skippedColumns,
    threshold,
    thresholdSpec,
    anomalyCount: Math.round(anomalyShare * trainingRowCount),
    anomalyShare,
    scoreQuantiles: quantilesOf(model),
    sizeBytes,
  };
}

function quantilesOf(model: AnomalyModel): ScoreQuantiles {
  const at = (percentile: number) => model.withThreshold({ method: "percentile", percentile }).threshold;
  return { min: at(0), p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: at(100) };
}

/** Share of the training scores above a score. A rank is the share below, so it is asked of the next larger number. */
function shareAbove(model: AnomalyModel, score: number): number {
  return 1 - model.judge(Float64Array.of(nextAbove(score))).ranks[0];
}

/** The next larger float64: its bits are the next integer, in the direction of the sign. */
function nextAbove(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(value).buffer);
  bits[0] += value > 0 ? 1n : -1n;
  return new Float64Array(bits.buffer)[0];
}
