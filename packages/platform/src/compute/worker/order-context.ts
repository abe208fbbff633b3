/** What an order has at hand while it runs. */

import type { RowLimits } from "../rows-given.ts";
import type { WorkerModels } from "./worker-models.ts";

export interface OrderContext {
  readonly models: WorkerModels;
  readonly limits: RowLimits;
  readonly signal: AbortSignal;
  readonly progress: (done: number) => void;
  /** Asks the caller what to do with a body. @param fields JSON: what stood beside its rows. */
  readonly ask: (fields: string) => Promise<unknown>;
}
