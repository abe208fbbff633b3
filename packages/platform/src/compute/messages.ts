/** What travels between compute and its workers, which are processes of their own. Rows of files never do. */

import type { TravellingError } from "@nomaly/detect";
import type { RowLimits } from "./rows/parse-rows.ts";
import type { RowsGiven } from "./rows/rows-given.ts";
import type {
  BodyGiven,
  ConvertOutcome,
  ConvertWork,
  Explain,
  FileGiven,
  FilePage,
  Inspected,
  PageOfFile,
  PredictedRows,
  PredictBodyOutcome,
  ScoreFileOutcome,
  TableWanted,
  TrainOptions,
  TrainOutcome,
  WriteRowsOutcome,
} from "./work.ts";

/** A worker that does not have the model asks for its bytes. */
export interface NamedModel {
  readonly versionId: string;
}

export interface SentPlan {
  readonly model: NamedModel;
  readonly explain?: Explain;
}

/** Threads that the work may use, besides the worker's own. */
interface Threaded {
  readonly threads: number | "auto";
}

export interface TrainOrder extends Threaded {
  readonly kind: "train";
  readonly input: RowsGiven | FileGiven | BodyGiven;
  /** Undefined: ask for them once the body is read. */
  readonly options: TrainOptions | undefined;
  readonly temporaryFolder: string;
  /** A large model goes there. */
  readonly modelPath: string;
}

export interface PredictOrder extends SentPlan {
  readonly kind: "predict";
  readonly input: RowsGiven;
}

export interface PredictBodyOrder {
  readonly kind: "predict-body";
  readonly body: BodyGiven;
  /** Undefined: ask for it once the body is read. */
  readonly plan: SentPlan | undefined;
  readonly reply: "json" | "arrow";
  /** A long answer goes there. */
  readonly replyPath: string;
}

export interface ScoreFileOrder extends Threaded {
  readonly kind: "score-file";
  readonly model: NamedModel;
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

export type Order =
  | TrainOrder
  | PredictOrder
  | PredictBodyOrder
  | ScoreFileOrder
  | InspectOrder
  | ReadPageOrder
  | ConvertOrder
  | WriteRowsOrder;
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
}

/** Ways for a worker to fail, for tests of what follows. */
export type Fault = "exit" | "throw" | "spin" | "out-of-memory" | "crash";

/** What a worker asks in the middle of an order. */
export type Question =
  /** `fields` is JSON: what stood in a body beside its rows. */
  { readonly kind: "plan"; readonly fields: string } | { readonly kind: "model"; readonly versionId: string };

export type ToWorker =
  | { readonly kind: "order"; readonly id: number; readonly order: Order; readonly fault?: Fault }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "drop"; readonly versionIds: readonly string[] };

export type FromWorker =
  | { readonly kind: "done"; readonly id: number; readonly outcome: unknown }
  /** `memory`: there was not enough of it, which may be the fault of what this worker did before. */
  | { readonly kind: "failed"; readonly id: number; readonly error: TravellingError; readonly memory?: true }
  | { readonly kind: "progress"; readonly id: number; readonly done: number }
  | { readonly kind: "ask"; readonly id: number; readonly question: Question };

/** What a worker is started with. */
export interface WorkerSettings {
  readonly limits: RowLimits;
  readonly modelBytesMax: number;
  /** DuckDB's own buffers, MiB. */
  readonly databaseMibMax: number;
  /** Numbers of a file that a fit may hold. */
  readonly fitBytesMax: number;
  /** What a file may unpack to, and what is copied of it. */
  readonly unpackedBytesMax: number;
  /** Whoever waits for an answer goes before whoever waits for a file. */
  readonly isBackground: boolean;
  /** Only then does it obey a fault. */
  readonly allowsFaults: boolean;
}
