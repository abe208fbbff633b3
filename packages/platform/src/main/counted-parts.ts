/** Lists the parts of the service whose numbers `/metrics` shows. */

import { cacheMetrics } from "../cache/cache-stats.ts";
import { computeMetrics } from "../compute/compute.ts";
import { type HttpClient, httpClientMetrics } from "../http-client/http-client.ts";
import { queueMetrics } from "../jobs/queue.ts";
import { monitorMetrics } from "../monitor/monitor.ts";
import type { ServiceContext } from "../services/core/context.ts";
import { databaseMetrics } from "../store/postgres/open-database.ts";
import { type CountedPart, countedPart } from "../watch/metric-kinds.ts";

export function countedParts(
  { database, cache, queue, compute, monitor }: ServiceContext,
  outgoing: HttpClient,
): readonly CountedPart[] {
  return [
    countedPart("database", databaseMetrics, () => database.stats()),
    countedPart("cache", cacheMetrics, () => cache.stats()),
    countedPart("queue", queueMetrics, () => queue.stats()),
    countedPart("compute", computeMetrics, () => compute.stats()),
    countedPart("service", monitorMetrics, () => monitor.stats()),
    countedPart("outgoing", httpClientMetrics, () => outgoing.stats()),
  ];
}
