/** What an order has at hand while it runs. */

import type { AnomalyModel } from "@nomaly/detect";
import type { NamedModel, WorkerSettings } from "../messages.ts";

export interface OrderContext {
  readonly settings: WorkerSettings;
  readonly signal: AbortSignal;
  readonly progress: (done: number) => void;
  /** The model, restored: kept from an order before, or asked for. */
  readonly model: (named: NamedModel) => Promise<AnomalyModel>;
  /** Asks the caller what to do with a body. @param fields JSON: what stood beside its rows. */
  readonly askPlan: (fields: string) => Promise<unknown>;
}
