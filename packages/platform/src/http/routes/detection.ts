/** Detection: train, predict, many detectors at once, and looking closer. */

import type { ServiceContext } from "../../services/core/context.ts";
import type { App } from "../app.ts";
import { registerBatch } from "./batch.ts";
import { registerJudge } from "./judge.ts";
import { registerPredict } from "./predict.ts";
import { registerTrain } from "./train.ts";

export function registerDetection(app: App, context: ServiceContext): void {
  for (const prefix of ["/api", ""]) {
    registerTrain(app, context, prefix);
    registerPredict(app, context, prefix);
  }
  registerBatch(app, context);
  registerJudge(app, context);
}
