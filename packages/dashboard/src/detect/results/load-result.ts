/** Reads what the page shows of a result. */

import type { Client, Dataset, Explained, Result, SkippedColumn, TaggedDetector } from "nomaly/client";
import { readShownRows, type ShownRows } from "./scored-rows.ts";

export type ExplainedRow = Explained["rows"][number];
export type LearnedColumn = Explained["columns"][number];

export interface ResultShown {
  readonly result: Result;
  readonly rowCount: number;
  /** Above the threshold with which the rows were scored. */
  readonly anomalyCount: number;
  /** With which the rows were scored. */
  readonly threshold: number;
  /** The rows of the highest scores, highest first. */
  readonly explained: readonly ExplainedRow[];
  readonly columns: readonly LearnedColumn[];
  readonly rows: ShownRows;
  /** Undefined if it was removed, or may not be read. */
  readonly detector: TaggedDetector | undefined;
  readonly skipped: readonly SkippedColumn[];
}

export async function loadResult(client: Client, dataset: Dataset, id: string, signal: AbortSignal): Promise<ResultShown> {
  const result = await client.results.get(id, { signal });
  const { summary } = result;
  const explanation = summary["explanation"] as Pick<Explained, "rows" | "columns"> | undefined;
  const [rows, detector, skipped] = await Promise.all([
    readShownRows(client, result, dataset.columns.length + 3, signal),
    // A result may outlive what made it.
    client.detectors.get(result.detector_id, { signal }).catch(() => undefined),
    skippedColumns(client, result, signal).catch(() => []),
  ]);
  return {
    result,
    rowCount: Number(summary["n_samples"]),
    anomalyCount: Number(summary["n_anomalies"]),
    threshold: Number(summary["threshold"]),
    explained: explanation?.rows ?? [],
    columns: explanation?.columns ?? [],
    rows,
    detector,
    skipped,
  };
}

/** Versions are looked through from the newest. */
const versionCountMax = 100;

async function skippedColumns(client: Client, result: Result, signal: AbortSignal): Promise<readonly SkippedColumn[]> {
  let seenCount = 0;
  for await (const version of client.detectors.versions(result.detector_id, { signal, pageSize: 5 })) {
    if (version.model_version === result.model_version) {
      return (version.training_summary["skipped_columns"] ?? []) as readonly SkippedColumn[];
    }
    if (++seenCount >= versionCountMax) break;
  }
  return [];
}
