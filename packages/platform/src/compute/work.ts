/** What can be asked of compute, and what it gives back. */

import type { ContributionMeaning, FitOptions, ParamValue, Reason, SkippedColumn, ThresholdSpec } from "@nomaly/detect";
import type { CsvOptions } from "../files/csv-relation.ts";
import type { FileFormat } from "../files/format.ts";
import type { RowsGiven } from "./rows-given.ts";

export interface Control {
  /** Takes queued work off the queue; work that runs is told, and ended by force when it does not listen. */
  readonly signal?: AbortSignal;
  /** Called with the share done, 0 to 1. */
  readonly progress?: (done: number) => void;
}

/** A version is immutable: training again makes another id, so nothing held under an id can be out of date. */
export interface ModelReference {
  readonly versionId: string;
}

/** A dataset's file on this machine. */
export interface FileGiven extends CsvOptions {
  readonly kind: "file";
  readonly path: string;
  /** As messages call it; the path is nobody's business. */
  readonly name: string;
  /** Undefined: told by the name of the path or the first bytes. */
  readonly format?: FileFormat;
  /** Rows, where that is known: for progress. */
  readonly rowCount?: number;
}

/** A request's body as it came. JSON holds the rows under `data` (and `columns`, their names), other fields beside them. */
export interface BodyGiven {
  readonly kind: "body";
  readonly bytes: Uint8Array;
  readonly format: "json" | "arrow";
}

/** The other fields of a body; what they say is not checked yet. Empty for Arrow. */
export type BodyFields = Readonly<Record<string, unknown>>;

export interface TrainOptions extends Omit<FitOptions, "signal" | "progress" | "threads"> {
  /** A column that is not learned from. */
  readonly label?: string;
  /** Default: all that pay when no other training runs, else 1. */
  readonly threads?: number;
  /** Most rows of a file to learn from; more are sampled. Default: what fits a budget of memory. */
  readonly fitRowCountMax?: number;
}

export interface TrainWork {
  readonly input: RowsGiven | FileGiven | BodyGiven;
  /** A function is asked once the worker has read a body, with what stood there beside the rows. */
  readonly options: TrainOptions | ((fields: BodyFields) => Promise<TrainOptions>);
}

/** Quantiles of scores by name, such as `p50`; `min` and `max` are the ends. */
export type ScoreQuantiles = Readonly<Record<"min" | "p50" | "p90" | "p95" | "p99" | "max", number>>;

export interface TrainSummary {
  readonly detectorId: string;
  /** Complete, as used. */
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly seed: number;
  /** Rows that there were. */
  readonly rowCount: number;
  /** Fewer than `rowCount` when a sample was drawn. */
  readonly fittedRowCount: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  readonly skippedColumns: readonly SkippedColumn[];
  readonly threshold: number;
  readonly thresholdSpec: ThresholdSpec;
  /** Among the rows learned from, by their training scores. */
  readonly anomalyCount: number;
  readonly anomalyShare: number;
  readonly scoreQuantiles: ScoreQuantiles;
  readonly libraryVersion: string;
  readonly sizeBytes: number;
  /** Reading the input. */
  readonly readMs: number;
  readonly fitMs: number;
}

export interface TrainOutcome {
  readonly modelBytes: Uint8Array;
  readonly summary: TrainSummary;
}

/** `top` keeps so many reasons a row, those of the largest contributions. */
export type Explain = boolean | { readonly top: number };

export interface PredictWork {
  readonly model: ModelReference;
  readonly input: RowsGiven;
  readonly explain?: Explain;
}

export interface Explained {
  /** What the contributions sum to. */
  readonly meaning: ContributionMeaning;
  /** Each row's reasons, the largest contribution first. */
  readonly rows: readonly (readonly Reason[])[];
}

export interface Predicted {
  readonly scores: Float64Array;
  /** 1 where `score > threshold`. */
  readonly labels: Uint8Array;
  /** Share of training scores below, 0 to 1. */
  readonly ranks: Float64Array;
  readonly threshold: number;
  readonly explained?: Explained;
  readonly scoreMs: number;
}

export interface PredictOutcome extends Predicted {
  readonly where: "on the spot" | "worker";
}

export interface BodyPlan {
  readonly model: ModelReference;
  readonly explain?: Explain;
}

export interface PredictBodyWork {
  readonly body: BodyGiven;
  /** A function is asked once the worker has read the body, with what stood there beside the rows. */
  readonly plan: BodyPlan | ((fields: BodyFields) => Promise<BodyPlan>);
  /** `json`: the array of rows that {@link encodePredictions} writes; `arrow`: an IPC stream of the same columns. */
  readonly reply: "json" | "arrow";
}

export interface PredictBodyOutcome {
  readonly fragment: Uint8Array;
  readonly rowCount: number;
  readonly anomalyCount: number;
  readonly threshold: number;
  readonly meaning?: ContributionMeaning;
  readonly scoreMs: number;
}

export interface ScoreFileWork {
  readonly model: ModelReference;
  readonly input: FileGiven;
  /** Where the Parquet file appears, whole or not at all. */
  readonly outputPath: string;
}

export interface ScoreFileOutcome {
  readonly rowCount: number;
  readonly anomalyCount: number;
  readonly threshold: number;
  readonly scoreQuantiles: ScoreQuantiles;
  /** Names that score, label and rank got in the file. */
  readonly addedColumns: readonly string[];
  readonly sizeBytes: number;
  readonly scoreMs: number;
}
