/** Counts how many members of an ensemble find the anomalies of a table. */

import type { AnomalyModel, Table } from "@nomaly/detect";
import { pickRows } from "./pick-rows.ts";

/** Of more anomalies than this, so many at even distances are looked at, as each is scored once more. */
const lookedAtMax = 1000;

/** `counts[k]`: anomalies that k members find. Undefined for models of fewer than two members, and where there is no anomaly. */
export function agreementOn(model: AnomalyModel, rows: Table, scores: Float64Array): readonly number[] | undefined {
  const memberCount = model.ensemble?.members.length ?? 0;
  if (memberCount < 2) return undefined;
  const anomalies: number[] = [];
  for (let row = 0; row < scores.length; row++) if (scores[row] > model.threshold) anomalies.push(row);
  if (anomalies.length === 0) return undefined;
  const counts = Array.from({ length: memberCount + 1 }, () => 0);
  for (const votes of model.votes(pickRows(rows, spread(anomalies)))) counts[votes.filter(({ label }) => label === 1).length]++;
  return counts;
}

function spread(rows: readonly number[]): readonly number[] {
  if (rows.length <= lookedAtMax) return rows;
  return Array.from({ length: lookedAtMax }, (_, index) => rows[Math.floor((index * rows.length) / lookedAtMax)]);
}
