/** Registers all routes. */

import type { ServiceContext } from "../../services/core/context.ts";
import type { Metrics } from "../../watch/metrics.ts";
import type { App } from "../app.ts";
import { registerAlerts } from "./alerting/alerts.ts";
import { registerAlertRules } from "./alerting/rules.ts";
import { registerAlgorithms } from "./algorithms.ts";
import { registerAudit } from "./audit.ts";
import { registerBatch } from "./batch.ts";
import { registerDatasets } from "./datasets.ts";
import { registerDetectors } from "./detectors.ts";
import { registerHealth } from "./health.ts";
import { registerJobs } from "./jobs.ts";
import { registerJudge } from "./judge.ts";
import { registerMetrics } from "./metrics.ts";
import { registerModels } from "./models.ts";
import { registerDoctor, registerPerformance } from "./performance.ts";
import { registerPredict } from "./predict.ts";
import { registerResults } from "./results.ts";
import { registerSchedules } from "./schedules.ts";
import { registerTrain } from "./train.ts";
import { registerUpdate } from "./update.ts";
import { registerUsage } from "./usage.ts";

export function registerRoutes(app: App, context: ServiceContext, metrics: Metrics): void {
  standWithoutPrefix(app);
  registerWatching(app, context, metrics);
  registerAlgorithms(app);
  registerDatasets(app, context);
  registerDetectors(app, context);
  registerModels(app, context);
  registerTrain(app, context);
  registerUpdate(app, context);
  registerPredict(app, context);
  registerBatch(app, context);
  registerJudge(app, context);
  registerResults(app, context);
  registerJobs(app, context);
  registerSchedules(app, context);
  registerPerformance(app, context);
  registerAlerts(app, context);
  registerAlertRules(app, context);
  registerDoctor(app, context);
  registerUsage(app, context);
  registerAudit(app, context);
}

/** Registers starred routes without `/api`, too. Must be called before any route is registered. */
function standWithoutPrefix(app: App): void {
  app.addHook("onRoute", ({ url, schema, ...route }) => {
    // The framework adds HEAD to each GET by itself.
    if (route.config?.isStarred !== true || !url.startsWith("/api/") || route.method === "HEAD") return;
    app.route({ ...route, url: url.slice("/api".length), schema: { ...schema, hide: true } });
  });
}

/** Registers the routes of health and metrics, which worker processes of jobs serve, too. */
export function registerWatching(app: App, context: ServiceContext, metrics: Metrics): void {
  registerMetrics(app, metrics);
  registerHealth(app, context);
}
