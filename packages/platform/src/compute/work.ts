/** What can be asked of compute, and what it gives back. */

import type {
  ContributionMeaning,
  FitOptions,
  ParamValue,
  Predictions,
  Reason,
  SkippedColumn,
  ThresholdSpec,
} from "@nomaly/detect";
import type { CsvOptions } from "../files/read/csv-dialect.ts";
import type { FileFormat } from "../files/read/format.ts";
import type { RowsGiven } from "./rows/rows-given.ts";

export interface Control {
  /** Takes queued work off the queue; work that runs is told, and ended by force when it does not listen. */
  readonly signal?: AbortSignal;
  /** Called with the share done, 0 to 1. */
  readonly progress?: (done: number) => void;
  /** Milliseconds that whoever waits for the answer still has; what cannot begin in that time is refused. Undefined: any time. */
  readonly timeLeftMs?: () => number;
  /** It is a worker's turn. Called again when it is tried again. */
  readonly begun?: () => void;
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
  /** Of the file: a larger one may take longer. */
  readonly sizeBytes?: number;
}

/**
 * A request's body as it came, on disk until its request is over. JSON holds the rows under `data` (and `columns`, their names), other
 * fields beside them.
 */
export interface BodyGiven {
  readonly kind: "body";
  readonly path: string;
  readonly sizeBytes: number;
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
  /** The model file; undefined when it lies on disk. */
  readonly modelBytes?: Uint8Array;
  /** Where a large model file lies: whoever asked removes it. */
  readonly modelPath?: string;
  readonly summary: TrainSummary;
}

/** Larger model files come on disk. */
export const modelInlineBytesMax = 8 * 1024 ** 2;

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
  /** A function is asked once the worker has read the body, with what stood there beside the rows. */
  readonly plan: BodyPlan | ((fields: BodyFields) => Promise<BodyPlan>);
  /** `json`: the array of rows that {@link encodePredictions} writes; `arrow`: an IPC stream of the same columns. */
  readonly reply: "json" | "arrow";
}

export interface PredictBodyOutcome {
  /** The answer's rows; undefined when they lie in a file. */
  readonly fragment?: Uint8Array;
  /** Where a long answer lies: whoever asked removes it. */
  readonly fragmentPath?: string;
  /** Of the answer's rows. */
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly anomalyCount: number;
  readonly threshold: number;
  readonly meaning?: ContributionMeaning;
  readonly scoreMs: number;
}

/** What is wanted of a scored table beside the file: small things, which the worker has at hand. */
export interface TableWanted {
  /** Each row's score, label and rank, when there are no more rows than this. */
  readonly shownRowCountMax?: number;
  /** All scores. */
  readonly scores?: boolean;
  /** Known labels in this column. */
  readonly labelColumn?: string;
  /** Reasons of so many rows of highest score. */
  readonly explainTop?: number;
}

export interface ScoreFileWork {
  readonly model: ModelReference;
  readonly input: FileGiven | RowsGiven;
  /** Where the Parquet file appears, whole or not at all. */
  readonly outputPath: string;
  readonly wanted?: TableWanted;
}

/** Rows with what is told of them, in the order that they are told in. */
export interface ToldRows extends Predictions {
  /** Places of the rows in the table, from 0. */
  readonly indexes: readonly number[];
  readonly explained?: Explained;
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
  readonly shown?: ToldRows;
  readonly scores?: Float64Array;
  /** 1 where the label column says anomalous. */
  readonly truth?: Uint8Array;
  readonly top?: ToldRows;
}

export type { ColumnProfile, DatasetProfile, FilePage, Finding, Inspected, PageOfFile } from "../files/read/shown-file.ts";

export const resultFormats = ["csv", "parquet", "arrow"] as const;
export type ResultFormat = (typeof resultFormats)[number];

/** A Parquet file of ours as another format. */
export interface ConvertWork {
  readonly fromPath: string;
  readonly toPath: string;
  readonly format: Exclude<ResultFormat, "parquet">;
  /** Of CSV: texts that a spreadsheet would run are made plain ones. */
  readonly isSpreadsheetSafe?: boolean;
}

export interface ConvertOutcome {
  readonly sizeBytes: number;
}

/** The rows of a body, to be kept as JSON, one object a line. */
export interface WriteRowsWork {
  readonly body: BodyGiven;
  /** Is given what stood beside the rows; what it throws ends the work. */
  readonly plan: (fields: BodyFields) => Promise<object>;
}

export interface WriteRowsOutcome {
  /** Whoever asked removes it. */
  readonly path: string;
}
