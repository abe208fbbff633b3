/** The kinds of work that compute does: what each takes, and what it returns. */

import type {
  ContributionMeaning,
  MissingPolicy,
  ParamValue,
  Predictions,
  Reason,
  Scaling,
  SkippedColumn,
  ThresholdSpec,
  UncheckedOptions,
} from "@nomaly/detect";
import type { EncodedVote } from "../report/encode-vote.ts";
import type { CsvOptions } from "../files/read/csv/csv-dialect.ts";
import type { FileFormat } from "../files/read/format.ts";
import type { LabelSource } from "../files/read/labels.ts";
import type { RowSelection } from "../files/write/row-sink.ts";
import type { RowsGiven } from "./rows/rows-given.ts";

export interface Control {
  /** Removes waiting work from the queue. Running work is told to stop, and its worker is killed if it does not. */
  readonly signal?: AbortSignal;
  /** Receives the share done, 0 to 1. */
  readonly progress?: (done: number) => void;
  /** Milliseconds until the caller stops waiting: work that cannot begin by then is refused. Undefined: no limit. */
  readonly timeLeftMs?: () => number;
  /** Called when a worker begins the work, and again for a second attempt. */
  readonly begun?: () => void;
}

/** A model version never changes (training again makes another id), so a cached model is never out of date. */
export interface ModelReference {
  readonly versionId: string;
}

/** A data set's file on this machine. */
export interface FileGiven extends CsvOptions {
  readonly kind: "file";
  readonly path: string;
  /** The name that error messages use instead of the path, which clients must not see. */
  readonly name: string;
  /** Undefined: inferred from the extension or the first bytes. */
  readonly format?: FileFormat;
  /** Number of rows, if known, for progress reports. */
  readonly rowCount?: number;
  /** A larger file gets a longer time limit. */
  readonly sizeBytes?: number;
}

/** A request's body on disk, kept until the request ends. JSON has the rows in `data`, their column names in `columns`, and other fields. */
export interface BodyGiven {
  readonly kind: "body";
  readonly path: string;
  readonly sizeBytes: number;
  readonly format: "json" | "arrow";
}

/** The fields of a body beside its rows, not checked yet. Empty for Arrow. */
export type BodyFields = Readonly<Record<string, unknown>>;

export interface TrainOptions extends Omit<UncheckedOptions, "signal" | "progress" | "threads"> {
  /** The column of known labels, which the fit leaves out. */
  readonly label?: string;
  /** Default: as many as speed the fit up if no other training runs, else 1. */
  readonly threads?: number;
  /** Most rows of a file to fit on; a larger file is sampled. Default: as many as fit the worker's memory. */
  readonly fitRowCountMax?: number;
}

export interface TrainWork {
  readonly input: RowsGiven | FileGiven | BodyGiven;
  /** A function is called once the worker has read a body, with the fields beside its rows. */
  readonly options: TrainOptions | ((fields: BodyFields) => Promise<TrainOptions>);
}

/** Quantiles of scores by name, such as `p50`; `min` and `max` are the ends. */
export type ScoreQuantiles = Readonly<Record<"min" | "p50" | "p90" | "p95" | "p99" | "max", number>>;

/** What a model was made of, and what it says of the rows that it was fitted on. */
export interface ModelSummary {
  readonly detectorId: string;
  /** All parameters, defaults included. */
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly seed: number;
  /** Rows of the input. */
  readonly rowCount: number;
  /** Fewer than `rowCount` when a sample was drawn. */
  readonly fittedRowCount: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  readonly skippedColumns: readonly SkippedColumn[];
  readonly threshold: number;
  readonly thresholdSpec: ThresholdSpec;
  /** Anomalies among the fitted rows, by their training scores. */
  readonly anomalyCount: number;
  readonly anomalyShare: number;
  readonly scoreQuantiles: ScoreQuantiles;
  readonly sizeBytes: number;
}

export interface TrainSummary extends ModelSummary {
  readonly libraryVersion: string;
  /** How the rows were read, in sentences for their user. The first summaries have none. */
  readonly notes?: readonly string[];
  readonly readMs: number;
  readonly fitMs: number;
}

export interface ModelMade {
  /** The model file; undefined if it is at `modelPath`. */
  readonly modelBytes?: Uint8Array;
  /** Path of a large model file; the caller removes it. */
  readonly modelPath?: string;
}

export interface TrainOutcome extends ModelMade {
  readonly summary: TrainSummary;
}

/** How another model is made from a stored one. */
export type ModelChange =
  /** As the library's `withThreshold` takes it. */
  | { readonly kind: "threshold"; readonly threshold: Readonly<Record<string, unknown>> }
  /** It learns from these rows, in their order. */
  | { readonly kind: "update"; readonly input: RowsGiven | FileGiven | BodyGiven };

export interface ChangeModelWork {
  readonly change: ModelChange;
  /** A function is called once the worker has read a body, with the fields beside its rows. */
  readonly model: ModelReference | ((fields: BodyFields) => Promise<ModelReference>);
}

export interface ChangedModel extends ModelMade {
  readonly summary: ModelSummary;
  readonly learnedRowCount: number;
}

/** A model file that a request has sent, on this machine. */
export interface ModelFileGiven {
  readonly path: string;
  readonly sizeBytes: number;
}

export interface CheckedModel {
  readonly summary: ModelSummary;
  /** How the model prepares rows, as options of the next fit. */
  readonly preparation: {
    readonly scaling: Scaling;
    readonly missing: MissingPolicy;
    /** Undefined when the rows that it was fitted on had no column names. */
    readonly columns?: readonly string[];
  };
}

/** A worker hands over larger model files on disk. */
export const modelInlineBytesMax = 8 * 1024 ** 2;

/** `top`: the number of reasons kept for each row, the largest contributions first. */
export type Explain = boolean | { readonly top: number };

export interface PredictWork {
  readonly model: ModelReference;
  readonly input: RowsGiven;
  readonly explain?: Explain;
}

export interface Explained {
  readonly meaning: ContributionMeaning;
  /** Each row's reasons, the largest contribution first. */
  readonly rows: readonly (readonly Reason[])[];
  /** What each member of an ensemble says of each row; absent for models that ask no others. */
  readonly votes?: readonly (readonly EncodedVote[])[];
}

export interface PredictedRows extends Predictions {
  readonly threshold: number;
  readonly explained?: Explained;
  readonly scoreMs: number;
}

export interface PredictOutcome extends PredictedRows {
  readonly where: "on the spot" | "worker";
}

export interface BodyPlan {
  readonly model: ModelReference;
  readonly explain?: Explain;
}

export interface PredictBodyWork {
  readonly body: BodyGiven;
  /** A function is called once the worker has read the body, with the fields beside its rows. */
  readonly plan: BodyPlan | ((fields: BodyFields) => Promise<BodyPlan>);
  /** `json`: the array of rows that {@link encodePredictions} writes; `arrow`: an IPC stream of the same columns. */
  readonly reply: "json" | "arrow";
}

export interface PredictBodyOutcome {
  /** The encoded rows of the answer; undefined if they are at `fragmentPath`. */
  readonly fragment?: Uint8Array;
  /** Path of a long answer; the caller removes it. */
  readonly fragmentPath?: string;
  /** Size of the encoded rows. */
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly anomalyCount: number;
  readonly threshold: number;
  readonly meaning?: ContributionMeaning;
  readonly scoreMs: number;
}

/** What a worker returns of a scored table in addition to the file. */
export interface TableWanted {
  /** Return each row's score, label and rank if the table has at most this many rows. */
  readonly shownRowCountMax?: number;
  /** Return all scores. */
  readonly scores?: boolean;
  /** Return the known labels of this column. */
  readonly labels?: LabelSource;
  /** Return the reasons of this many rows with the highest scores. */
  readonly explainTop?: number;
}

export interface ScoreFileWork {
  readonly model: ModelReference;
  readonly input: FileGiven | RowsGiven;
  /** Path of the Parquet file, which appears when it is complete. */
  readonly outputPath: string;
  readonly wanted?: TableWanted;
}

/** Scored rows, in the order in which an answer lists them. */
export interface ToldRows extends Predictions {
  /** Indexes of the rows in the table, from 0. */
  readonly indexes: readonly number[];
  readonly explained?: Explained;
}

export interface ScoreFileOutcome {
  readonly rowCount: number;
  readonly anomalyCount: number;
  readonly threshold: number;
  readonly scoreQuantiles: ScoreQuantiles;
  /** Column names of score, label and rank in the file. */
  readonly addedColumns: readonly string[];
  readonly sizeBytes: number;
  readonly scoreMs: number;
  readonly shown?: ToldRows;
  readonly scores?: Float64Array;
  /** 1 where the label column says anomalous. */
  readonly truth?: Uint8Array;
  readonly top?: ToldRows;
}

export type { DatasetProfile, FilePage, Finding, Inspected, PageOfFile } from "../files/read/shown-file.ts";

export const resultFormats = ["csv", "ndjson", "parquet", "arrow"] as const;
export type ResultFormat = (typeof resultFormats)[number];

/** Writes the rows of a result, a Parquet file, or some of them, in a format. */
export interface ConvertWork {
  readonly fromPath: string;
  readonly toPath: string;
  readonly format: ResultFormat;
  /** CSV only: quotes texts that a spreadsheet would run as formulas. */
  readonly isSpreadsheetSafe?: boolean;
  /** CSV only: numbers with a decimal comma, cut at semicolons. */
  readonly hasDecimalCommas?: boolean;
  /** Default: all rows, in their order. */
  readonly selection?: RowSelection | undefined;
}

export interface ConvertOutcome {
  readonly sizeBytes: number;
}

/** Writes the rows of a body as JSON, one object a line. */
export interface WriteRowsWork {
  readonly body: BodyGiven;
  /** Receives the fields beside the rows; an error that it throws ends the work. */
  readonly plan: (fields: BodyFields) => Promise<object>;
}

export interface WriteRowsOutcome {
  /** The caller removes this file. */
  readonly path: string;
}
