/** The library without its list of detectors: for bundles that carry only the detectors they name. */

export { createLibrary } from "./library/library.ts";
export type { Detection, Library, LibraryOptions } from "./library/library.ts";
export { defaultDetectorId, defaultSeed } from "./library/fit-options.ts";
export type { DefaultIdOf, FitOptions, ParamsFor, UncheckedOptions } from "./library/fit-options.ts";
export type { AnomalyModel, Explanation, Predictions, RowExplanation, ScoreOptions, Vote } from "./library/anomaly-model.ts";
export type { Reason } from "./explanation/explain.ts";
export type { ContributionMeaning } from "./explanation/column-contributions.ts";
export { errorCodes, NomalyError, rowAtFault, throwIfAborted } from "./errors.ts";
export type { ErrorCode, ErrorDetails, MessagePart, Naming, Retelling } from "./errors.ts";
export { packError, unpackError } from "./travelling-error.ts";
export type { TravellingError } from "./travelling-error.ts";
export { describeRange, paramFromText, parseParams, snakeCase } from "./detector/params.ts";
export type { ParamsById, ParamSpec, ParamSpecs, ParamValue, UncheckedParams, ValueOf } from "./detector/params.ts";
export type {
  AbsentMember,
  AnyDetector,
  Detector,
  FitContext,
  FitSize,
  Fitted,
  IncrementalModel,
  Model,
  ModelState,
  Ensemble,
  EnsembleMember,
  StateArray,
  StateValue,
  Task,
} from "./detector/detector.ts";
export {
  requireFiniteValues,
  requireIndexes,
  stateArray,
  stateBoolean,
  stateChoice,
  stateInteger,
  stateNumber,
} from "./detector/state.ts";
export type { KernelSet, KernelSetName } from "./kernels/kernel-set.ts";
export type { Random } from "./random.ts";
export { createRandom } from "./random.ts";
export { scoreRows } from "./threads/score-rows.ts";
export type { ScoringContext } from "./threads/score-rows.ts";
export type { Threads } from "./threads/threads.ts";
export type { WorkerEvents, WorkerHandle, WorkerHost } from "./threads/worker-host.ts";
export { defineDetector } from "./detector/detector.ts";
export { traitDefaults } from "./detector/traits.ts";
export type { ExplanationClaim, FitGrowth, Traits } from "./detector/traits.ts";
export {
  blank,
  categoryEncodings,
  centuryYear,
  dateOfWriting,
  dateOrders,
  datePattern,
  missingPolicies,
  numberOfWriting,
  numberPattern,
  scalings,
  thousandsMarks,
} from "./pipeline/index.ts";
export type {
  BooleanColumn,
  CategoryEncoding,
  CategoryProfile,
  Cell,
  Column,
  ColumnKind,
  ColumnProfile,
  DateColumn,
  DateOrder,
  DateWriting,
  DecimalMark,
  MissingPolicy,
  NumberColumn,
  NumberProfile,
  NumberWriting,
  NumericRows,
  PipelineColumn,
  PipelineOptions,
  RowsInput,
  Scaling,
  SkippedColumn,
  Table,
  TextColumn,
  ThousandsMark,
  Writing,
} from "./pipeline/index.ts";
export { matrix, matrixFromRows } from "./matrix.ts";
export type { Matrix } from "./matrix.ts";
export type { OwnBytes } from "./shared-memory.ts";
export {
  createAlertRule,
  createRanker,
  defaultThreshold,
  fitThreshold,
  parseThreshold,
  rankStateOf,
  thresholdMethods,
} from "./thresholds/index.ts";
export type {
  AlertRule,
  AlertRuleState,
  GivenThreshold,
  Ranker,
  ThresholdMethodName,
  ThresholdSpec,
} from "./thresholds/index.ts";
export * from "./evaluation/index.ts";
export { nearestName } from "./detector/nearest-name.ts";
export { libraryVersion } from "./version.ts";
