/** A piece of work for the pool of workers, and the item that represents it while it waits or runs. */

import type { OrderKind, OrderOf } from "../messages.ts";
import type { BodyFields, Control } from "../work.ts";
import type { Load } from "./work-queue.ts";

export interface PoolWork<Kind extends OrderKind> extends Load {
  readonly kind: Kind;
  /** The name of the input in error messages. */
  readonly subject: string;
  /** The field of the request that errors name. */
  readonly field: string;
  /** The work reads bytes from outside, so a crash of its worker is reported as an error of those bytes. */
  readonly readsFile: boolean;
  /** Called for each attempt. @param alone no other long work runs. */
  readonly order: (alone: boolean) => OrderOf<Kind>;
  /** The pool repeats the work once if its worker dies. Not for training, which the job queue repeats. */
  readonly triesAgain: boolean;
  /** Time limit from the start of the work; the pool kills a worker that exceeds it. */
  readonly timeMsMax?: number;
  /** Answers the worker's question about a body. */
  readonly plan?: (fields: BodyFields) => Promise<unknown>;
  readonly modelBytes: (versionId: string) => Promise<Uint8Array>;
  /** Removes the files of a worker that ended before it could do so. */
  readonly cleanUp?: () => void;
  readonly control: Control;
}

export interface Item extends Load {
  readonly id: number;
  readonly work: PoolWork<OrderKind>;
  attempt: number;
  settled: boolean;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** Removes the files of the work; a file that cannot be removed now is removed with its folder later. */
export function tidyAfter({ work }: Item): void {
  try {
    work.cleanUp?.();
  } catch {
    // Another process still reads the file, or the disk is gone.
  }
}

export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
