/** What travels between compute and its workers. */

import type { ErrorCode } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import type { RowLimits, RowsGiven } from "./rows-given.ts";
import type {
  BodyGiven,
  Explain,
  FileGiven,
  Predicted,
  PredictBodyOutcome,
  ScoreFileOutcome,
  TrainOptions,
  TrainOutcome,
} from "./work.ts";

/** A model for a worker; the bytes are shared, so sending them along each time costs nothing. */
export interface SentModel {
  readonly versionId: string;
  readonly bytes: Uint8Array;
}

export interface SentPlan {
  readonly model: SentModel;
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
}

export interface ScoreFileOrder extends Threaded {
  readonly kind: "score-file";
  readonly model: SentModel;
  readonly input: FileGiven;
  readonly outputPath: string;
  readonly temporaryFolder: string;
}

export type Order = TrainOrder | PredictOrder | PredictBodyOrder | ScoreFileOrder;
export type OrderKind = Order["kind"];

/** An order, and what of it changes hands without a copy. */
export interface Sending<Kind extends OrderKind> {
  readonly order: Extract<Order, { readonly kind: Kind }>;
  readonly transfer: readonly ArrayBuffer[];
}

export interface Outcomes {
  readonly train: TrainOutcome;
  readonly predict: Predicted;
  readonly "predict-body": PredictBodyOutcome;
  readonly "score-file": ScoreFileOutcome;
}

/** Ways for a worker to fail, for tests of what follows. */
export type Fault = "exit" | "throw" | "spin" | "out-of-memory";

export type ToWorker =
  | { readonly kind: "order"; readonly id: number; readonly order: Order; readonly fault?: Fault }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "drop"; readonly versionIds: readonly string[] };

export type FromWorker =
  | { readonly kind: "done"; readonly id: number; readonly outcome: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: TravellingError }
  | { readonly kind: "progress"; readonly id: number; readonly done: number }
  /** `fields` is JSON: what stood in a body beside its rows. */
  | { readonly kind: "ask"; readonly id: number; readonly fields: string };

/** What a worker is started with. */
export interface WorkerSettings {
  readonly limits: RowLimits;
  readonly modelBytesMax: number;
  /** Only then does it obey a fault. */
  readonly allowsFaults: boolean;
}

export interface TravellingError {
  /** Null for errors without a code, which are bugs. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly stack: string | undefined;
  readonly field: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly rowIndex: number | undefined;
}

export function packError(error: unknown): TravellingError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof NomalyError)) {
    return { code: null, message, stack, field: undefined, expected: undefined, received: undefined, rowIndex: undefined };
  }
  const { code, field, expected, received, rowIndex } = error;
  return { code, message, stack, field, expected, received, rowIndex };
}

export function unpackError(packed: TravellingError): Error {
  const { code, message, field, expected, received, rowIndex, stack } = packed;
  if (code === null) return new Error(message, { cause: stack });
  return new NomalyError(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    ...(rowIndex === undefined ? {} : { rowIndex }),
    cause: stack,
  });
}
