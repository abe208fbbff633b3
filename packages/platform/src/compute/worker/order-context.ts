/** The context of a running order: settings, abort signal, progress, and questions to the main process. */

import type { AnomalyModel } from "@nomaly/detect";
import type { WorkerSettings } from "../messages.ts";
import type { ModelReference } from "../work.ts";

export interface OrderContext {
  readonly settings: WorkerSettings;
  readonly signal: AbortSignal;
  readonly progress: (done: number) => void;
  /** The restored model: kept from an earlier order, or requested from the main process. */
  readonly model: (reference: ModelReference) => Promise<AnomalyModel>;
  /** The file of a model, for work that changes the model it restores. */
  readonly modelBytes: (reference: ModelReference) => Promise<Uint8Array>;
  /** Asks the main process what to do with a body. @param fields JSON: the fields beside its rows. */
  readonly askPlan: (fields: string) => Promise<unknown>;
}
