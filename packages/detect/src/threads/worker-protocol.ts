/** The messages between a pool and its workers. */

import type { KernelSetName } from "../kernels/kernel-set.ts";
import type { TravellingError } from "../travelling-error.ts";

export interface TaskRequest {
  readonly id: number;
  readonly task: string;
  readonly kernels: KernelSetName;
  readonly input: unknown;
}

export type TaskReply =
  /** Sent once, before any other: the worker has loaded and listens. No request has the id 0. */
  | { readonly id: 0; readonly kind: "ready" }
  | { readonly id: number; readonly kind: "done"; readonly output: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: TravellingError };

export const workerReady: TaskReply = { id: 0, kind: "ready" };
