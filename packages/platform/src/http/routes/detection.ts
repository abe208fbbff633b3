/** Detection: train, predict, many detectors at once, and looking closer. */

import type { ServiceContext } from "../../services/core/context.ts";
import type { App } from "../app.ts";
import { registerBatch } from "./batch.ts";
import { registerJudge } from "./judge.ts";
import { registerPredict } from "./predict.ts";
import { registerTrain } from "./train.ts";

export function registerDetection(app: App, context: ServiceContext): void {
  registerTrain(app, context);
  registerPredict(app, context);
  registerBatch(app, context);
  registerJudge(app, context);
}
