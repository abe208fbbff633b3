/** The indexes of the common queries, built concurrently. */

import { ensureIndex, ensurePartitionedIndex, type IndexSpec } from "../ensure-index.ts";
import type { Sql } from "../../postgres/sql.ts";

export const plainIndexes: readonly IndexSpec[] = [
  { name: "idx_detectors_algorithm", table: "detectors", columns: ["algorithm_name"] },
  { name: "idx_detectors_created", table: "detectors", columns: ["created_at"] },
  { name: "idx_detectors_algo_fitted", table: "detectors", columns: ["algorithm_name", "is_fitted"] },
  { name: "idx_datasets_size", table: "datasets", columns: ["n_samples"] },
  { name: "idx_datasets_format_size", table: "datasets", columns: ["file_format", "n_samples"] },
  { name: "idx_datasets_created", table: "datasets", columns: ["created_at"] },
];

/** On each partition, and on the parent table. */
export const partitionedIndexes: readonly IndexSpec[] = [
  { name: "idx_detection_results_timestamp", table: "detection_results", columns: ["created_at"] },
  { name: "idx_detection_results_detector", table: "detection_results", columns: ["detector_id"] },
  { name: "idx_detection_results_detector_created", table: "detection_results", columns: ["detector_id", "created_at"] },
  { name: "idx_detection_results_dataset", table: "detection_results", columns: ["dataset_id"] },
];

export async function buildIndexes(sql: Sql): Promise<void> {
  for (const index of plainIndexes) await ensureIndex(sql, index);
  for (const index of partitionedIndexes) await ensurePartitionedIndex(sql, index);
}
