/** Every route. */

import type { ServiceContext } from "../../services/core/context.ts";
import type { Metrics } from "../../watch/metrics.ts";
import type { App } from "../app.ts";
import { registerAlgorithms } from "./algorithms.ts";
import { registerAudit } from "./audit.ts";
import { registerDatasets } from "./datasets.ts";
import { registerDetection } from "./detection.ts";
import { registerDetectors } from "./detectors.ts";
import { registerHealth } from "./health.ts";
import { registerMetrics } from "./metrics.ts";
import { registerPages } from "./pages.ts";
import { registerJobs } from "./jobs.ts";
import { registerResults } from "./results.ts";

export function registerRoutes(app: App, context: ServiceContext, metrics: Metrics): void {
  standWithoutPrefix(app);
  registerPages(app);
  registerWatching(app, context, metrics);
  registerAlgorithms(app);
  registerDatasets(app, context);
  registerDetectors(app, context);
  registerDetection(app, context);
  registerResults(app, context);
  registerJobs(app, context);
  registerAudit(app, context);
}

/** To be called before any route is registered. */
function standWithoutPrefix(app: App): void {
  app.addHook("onRoute", ({ url, schema, ...route }) => {
    if (route.config?.isStarred !== true || !url.startsWith("/api/")) return;
    app.route({ ...route, url: url.slice("/api".length), schema: { ...schema, hide: true } });
  });
}

/** What every process that listens answers. */
export function registerWatching(app: App, context: ServiceContext, metrics: Metrics): void {
  registerMetrics(app, metrics);
  registerHealth(app, context);
}
