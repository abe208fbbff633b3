/** The fitted ecod model: the sorted columns, read by the rule of ecod. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { restoreTailModel } from "../../structures/ecdf/tail-model.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";

export function restoreEcod(state: ModelState, kernels: KernelSet): Model {
  return restoreTailModel("ecod", state, kernels);
}
