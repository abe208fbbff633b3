/** A detector as the API shows it: names in snake case, times as text. */

import type { FitOptions, ThresholdMethodName } from "@nomaly/detect";
import type { DetectorRow, DetectorStatus, TrainingError } from "../../store/tables/detectors.ts";

export { detectorStatuses } from "../../store/tables/detectors.ts";

export interface DetectorOptions {
  readonly scaling?: NonNullable<FitOptions["scaling"]>;
  readonly missing?: NonNullable<FitOptions["missing"]>;
  readonly columns?: readonly string[];
  readonly label_column?: string;
  /** The method, with its parameters in the same object. */
  readonly threshold?: { readonly method: ThresholdMethodName };
  readonly seed?: number;
}

export interface DetectorView {
  readonly id: string;
  readonly name: string;
  readonly algorithm_name: string;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly contamination: number;
  readonly options: DetectorOptions;
  readonly status: DetectorStatus;
  readonly last_training_error: TrainingError | null;
  readonly is_fitted: boolean;
  readonly threshold: number | null;
  /** The method that set the threshold, with its parameters; null as long as there is none. */
  readonly threshold_spec: Readonly<Record<string, unknown>> | null;
  readonly model_version: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export function detectorView(row: DetectorRow): DetectorView {
  return {
    id: row.id,
    name: row.name,
    algorithm_name: row.algorithmName,
    hyperparameters: row.hyperparameters,
    contamination: row.contamination,
    options: row.options,
    status: row.status,
    last_training_error: row.lastTrainingError,
    is_fitted: row.isFitted,
    threshold: row.threshold,
    threshold_spec: row.thresholdSpec,
    model_version: row.modelVersion,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
