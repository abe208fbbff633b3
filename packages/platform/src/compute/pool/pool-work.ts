/** Work for the pool of workers, and a piece of it that waits or runs. */

import type { OrderKind, OrderOf } from "../messages.ts";
import type { BodyFields, Control } from "../work.ts";
import type { Load } from "./work-queue.ts";

export interface PoolWork<Kind extends OrderKind> extends Load {
  readonly kind: Kind;
  /** As messages call what it works on. */
  readonly subject: string;
  /** The field of a request that errors about it name. */
  readonly field: string;
  /** It reads bytes that came from outside: when its worker dies of itself, they are at fault. */
  readonly readsFile: boolean;
  /** Called for each try. @param alone no other long work runs. */
  readonly order: (alone: boolean) => OrderOf<Kind>;
  /** Scoring is tried a second time when its worker dies; whoever trains decides that for himself. */
  readonly triesAgain: boolean;
  /** From its beginning; more ends its worker. */
  readonly timeMsMax?: number;
  /** Answers what a worker asks about a body. */
  readonly plan?: (fields: BodyFields) => Promise<unknown>;
  readonly modelBytes: (versionId: string) => Promise<Uint8Array>;
  /** The worker ended before it could tidy up. */
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

/** What cannot be removed now goes with the folder that it lies in. */
export function tidyAfter({ work }: Item): void {
  try {
    work.cleanUp?.();
  } catch {
    // Somebody else still reads it, or the disk is gone.
  }
}

export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
