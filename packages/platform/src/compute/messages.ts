/** The messages between compute and its worker processes. Rows of files are never sent: a worker reads the file. */

import type { TravellingError } from "@nomaly/detect";
import type { RowLimits } from "./rows/parse-rows.ts";
import type { RowsGiven } from "./rows/rows-given.ts";
import type {
  BodyGiven,
  BodyPlan,
  ChangedModel,
  CheckedModel,
  ConvertOutcome,
  ConvertWork,
  FileGiven,
  FilePage,
  Inspected,
  ModelChange,
  ModelReference,
  PageOfFile,
  PredictedRows,
  PredictBodyOutcome,
  ScoreFileOutcome,
  TableWanted,
  TrainOptions,
  TrainOutcome,
  WriteRowsOutcome,
} from "./work.ts";

interface Threaded {
  readonly threads: number | "auto";
}

export interface TrainOrder extends Threaded {
  readonly kind: "train";
  readonly input: RowsGiven | FileGiven | BodyGiven;
  /** Undefined: the worker asks for them once it has read the body. */
  readonly options: TrainOptions | undefined;
  readonly temporaryFolder: string;
  /** Where the worker writes a large model file. */
  readonly modelPath: string;
}

export interface PredictOrder extends BodyPlan {
  readonly kind: "predict";
  readonly input: RowsGiven;
}

export interface PredictBodyOrder {
  readonly kind: "predict-body";
  readonly body: BodyGiven;
  /** Undefined: the worker asks for it once it has read the body. */
  readonly plan: BodyPlan | undefined;
  readonly reply: "json" | "arrow";
  /** Where the worker writes a long answer. */
  readonly replyPath: string;
}

export interface ScoreFileOrder extends Threaded {
  readonly kind: "score-file";
  /** A worker that does not have the model asks for its bytes. */
  readonly model: ModelReference;
  readonly input: FileGiven | RowsGiven;
  readonly outputPath: string;
  readonly temporaryFolder: string;
  readonly wanted: TableWanted;
}

export interface InspectOrder {
  readonly kind: "inspect";
  readonly input: FileGiven;
  readonly temporaryFolder: string;
}

export interface ReadPageOrder {
  readonly kind: "read-page";
  readonly input: FileGiven;
  readonly page: PageOfFile;
  readonly temporaryFolder: string;
}

export interface ConvertOrder extends ConvertWork {
  readonly kind: "convert";
  readonly temporaryFolder: string;
}

export interface WriteRowsOrder {
  readonly kind: "write-rows";
  readonly body: BodyGiven;
  readonly outputPath: string;
}

/** Reads a model file that came from outside, and restores the model. */
export interface CheckModelOrder {
  readonly kind: "check-model";
  readonly path: string;
}

export interface ChangeModelOrder {
  readonly kind: "change-model";
  readonly change: ModelChange;
  /** Undefined: the worker asks for it once it has read the body. */
  readonly model: ModelReference | undefined;
  readonly temporaryFolder: string;
  /** Where the worker writes a large model file. */
  readonly modelPath: string;
}

export type Order =
  | TrainOrder
  | PredictOrder
  | PredictBodyOrder
  | ScoreFileOrder
  | InspectOrder
  | ReadPageOrder
  | ConvertOrder
  | WriteRowsOrder
  | CheckModelOrder
  | ChangeModelOrder;
export type OrderKind = Order["kind"];
export type OrderOf<Kind extends OrderKind> = Extract<Order, { readonly kind: Kind }>;

export interface Outcomes {
  readonly train: TrainOutcome;
  readonly predict: PredictedRows;
  readonly "predict-body": PredictBodyOutcome;
  readonly "score-file": ScoreFileOutcome;
  readonly inspect: Inspected;
  readonly "read-page": FilePage;
  readonly convert: ConvertOutcome;
  readonly "write-rows": WriteRowsOutcome;
  readonly "check-model": CheckedModel;
  readonly "change-model": ChangedModel;
}

/** Ways in which tests make a worker fail. */
export type Fault = "exit" | "throw" | "spin" | "out-of-memory" | "crash";

/** What a worker asks the main process while it runs an order. */
export type Question =
  /** `fields` is JSON: the fields of a body beside its rows. */
  { readonly kind: "plan"; readonly fields: string } | { readonly kind: "model"; readonly versionId: string };

export type ToWorker =
  | { readonly kind: "order"; readonly id: number; readonly order: Order; readonly fault?: Fault }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "drop"; readonly versionIds: readonly string[] };

export type FromWorker =
  | { readonly kind: "done"; readonly id: number; readonly outcome: unknown }
  /** `memory`: memory ran out, perhaps because of earlier work of this worker. */
  | { readonly kind: "failed"; readonly id: number; readonly error: TravellingError; readonly memory?: true }
  | { readonly kind: "progress"; readonly id: number; readonly done: number }
  | { readonly kind: "ask"; readonly id: number; readonly question: Question };

/** The settings that a worker process starts with. */
export interface WorkerSettings {
  readonly limits: RowLimits;
  readonly modelBytesMax: number;
  /** DuckDB's own buffers, MiB. */
  readonly databaseMibMax: number;
  /** Bytes of a file's rows that a fit may hold. */
  readonly fitBytesMax: number;
  /** Most bytes that a file may have once it is unpacked or copied. */
  readonly unpackedBytesMax: number;
  /** Lowers the priority of the process: work on files and fits must not slow down requests that wait for scores. */
  readonly isBackground: boolean;
  /** Whether the worker commits the faults that tests send. */
  readonly allowsFaults: boolean;
}
