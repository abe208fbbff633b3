/** The parts whose numbers `/metrics` shows. */

import { cacheStatsKinds } from "../cache/cache-stats.ts";
import { computeKinds } from "../compute/compute.ts";
import { type HttpClient, httpClientKinds } from "../http-client/http-client.ts";
import { queueKinds } from "../jobs/queue.ts";
import type { ServiceContext } from "../services/core/context.ts";
import { databaseKinds } from "../store/postgres/open-database.ts";
import { type CountedPart, countedPart } from "../watch/metric-kinds.ts";

export function countedParts({ database, cache, queue, compute }: ServiceContext, outgoing: HttpClient): readonly CountedPart[] {
  return [
    countedPart("database", () => database.stats(), databaseKinds),
    countedPart("cache", () => cache.stats(), cacheStatsKinds),
    countedPart("queue", () => queue.stats(), queueKinds),
    countedPart("compute", () => compute.stats(), computeKinds),
    countedPart("outgoing", () => outgoing.stats(), httpClientKinds),
  ];
}
