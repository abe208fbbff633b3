/** The fitted ecod model: the sorted columns, read by the rule of ecod. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { restoreTailModel } from "../../ecdf/tail-model.ts";

export function restoreEcod(state: ModelState): Model {
  return restoreTailModel("ecod", state);
}
