/** The library without its list of detectors: for bundles that carry only the detectors they name. */

export { createLibrary, defaultDetectorId, defaultSeed } from "./library/library.ts";
export type { Detection, FitOptions, Library, LibraryOptions } from "./library/library.ts";
export type { AnomalyModel, Explanation, Predictions, RowExplanation, ScoreOptions } from "./library/anomaly-model.ts";
export type { Reason } from "./explanation/explain.ts";
export type { ContributionMeaning } from "./explanation/column-contributions.ts";
export { errorCodes, NomalyError, throwIfAborted } from "./errors.ts";
export type { ErrorCode, ErrorDetails } from "./errors.ts";
export { describeRange, paramFromText, snakeCase } from "./detector/params.ts";
export type { ParamSpec, ParamSpecs, ParamValue } from "./detector/params.ts";
export type { AnyDetector, Detector, FitContext, Fitted, IncrementalModel, Model, ModelState } from "./detector/detector.ts";
export { defineDetector } from "./detector/detector.ts";
export { traitDefaults } from "./detector/traits.ts";
export type { ExplanationClaim, Traits } from "./detector/traits.ts";
export { categoryEncodings, missingPolicies, scalings } from "./pipeline/index.ts";
export type {
  CategoryEncoding,
  CategoryProfile,
  Cell,
  Column,
  ColumnKind,
  ColumnProfile,
  MissingPolicy,
  NumberProfile,
  NumericRows,
  PipelineColumn,
  RowsInput,
  Scaling,
  SkippedColumn,
  Table,
} from "./pipeline/index.ts";
export { matrix, matrixFromRows } from "./matrix.ts";
export type { Matrix } from "./matrix.ts";
export { defaultThreshold, fitThreshold, parseThreshold, thresholdMethods } from "./thresholds/index.ts";
export type { ThresholdMethodName, ThresholdSpec } from "./thresholds/index.ts";
export * from "./evaluation/index.ts";
export { nearestName } from "./detector/nearest-name.ts";
export { libraryVersion } from "./version.ts";
