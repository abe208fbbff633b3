/** The fitted copod model: the sorted columns, read by the rule of copod. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { restoreTailModel } from "../../ecdf/tail-model.ts";

export function restoreCopod(state: ModelState): Model {
  return restoreTailModel("copod", state);
}
