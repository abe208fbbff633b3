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
  | { readonly id: number; readonly kind: "done"; readonly output: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: TravellingError };
