/** The fitted copod model: the sorted columns, read by the rule of copod. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { restoreTailModel } from "../../structures/ecdf/tail-model.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";

export function restoreCopod(state: ModelState, kernels: KernelSet): Model {
  return restoreTailModel("copod", state, kernels);
}
