/** Runs `nomaly serve`: opens the service, listens for requests, and closes everything in order. */

import { join } from "node:path";
import { createRedisCounts } from "../cache/redis/redis-counts.ts";
import type { Config } from "../config/settings.ts";
import type { AccessRules } from "../http/gate/access.ts";
import { createApp, type AppOptions } from "../http/create-app.ts";
import { createJobHandlers } from "../services/jobs/job-handlers.ts";
import { createAuthenticate } from "../services/access/authenticate.ts";
import type { ServiceContext } from "../services/core/context.ts";
import { installationId } from "../store/tables/installation.ts";
import { addToRequestCount } from "../store/tables/request-counts.ts";
import type { Closing } from "./closing.ts";
import { countedParts } from "./counted-parts.ts";
import type { FoundDatabase } from "./find-database.ts";
import { startIndexCare } from "./upkeep/index-care.ts";
import { listen, requiresCaller } from "./listening.ts";
import { createLogger } from "./logger.ts";
import { openService } from "./open-service.ts";

export interface RunningServer {
  readonly url: string;
  readonly where: string;
  /** Refuses new requests, lets running ones end, closes everything. */
  close(): Promise<void>;
}

export interface ProcessToStart {
  readonly config: Config;
  readonly version: string;
  readonly database: Promise<FoundDatabase>;
  /** Stops the start. */
  readonly signal?: AbortSignal | undefined;
  /** Holds what has been opened so far. */
  readonly closing: Closing;
}

export async function serve({ config, version, database, closing, signal }: ProcessToStart): Promise<RunningServer> {
  const logger = createLogger(config.logLevel);
  try {
    const required = requiresCaller(config);
    const { context, httpClient, sendWebhook, where } = await openService(
      { config, kind: "serve", log: logger, database, signal },
      closing,
    );
    const access: AccessRules = { required, authenticate: createAuthenticate(context, httpClient) };
    const counted = countedParts(context, httpClient);
    const sharedCounts = await openSharedCounts(context, closing);
    const options = { context, access, sharedCounts, version, logger, counted, dashboardFolder };
    const app = closing.opened(await createApp(options), async (open) => {
      // Requests and jobs end at the same time, so that neither begins while the other ends; each has the whole time limit.
      const timeoutMs = config.shutdownTimeoutS * 1000;
      const jobsEnd = context.queue.close({ timeoutMs });
      await open.close().finally(() => jobsEnd);
    });
    if (config.jobConcurrency > 0)
      await context.queue.work(createJobHandlers(context, sendWebhook), { concurrency: config.jobConcurrency });
    const { host, port } = config;
    const url = await listen(app, { host, port, setting: "port" });
    context.compute.warmUp();
    closing.opened(startIndexCare(context), (open) => open.close());
    return { url, where, close: async () => void (await closing.closeAll()) };
  } catch (error) {
    // An embedded database is added to `closing` only once it has started.
    await database.catch(() => undefined);
    await closing.closeAll();
    throw error;
  }
}

/** The build puts the dashboard there; from the sources as from `dist`, it is the same folder. */
const dashboardFolder = join(import.meta.dirname, "../../dist/dashboard");

/** Opens the counts of requests that all processes of this database share: in Redis, else in the database. */
async function openSharedCounts(
  { config, database, log }: ServiceContext,
  closing: Closing,
): Promise<AppOptions["sharedCounts"]> {
  const { redisUrl: url, redisCallTimeoutMs: callTimeoutMs } = config;
  // One at once: the smallest pool of an embedded database has two connections.
  if (url === undefined) return { add: (key, count, life) => addToRequestCount(database, key, count, life), atOnceMax: 1 };
  const onFailure = (error: unknown) => log.warn({ err: error }, "Redis takes no counts of requests: each process limits alone");
  const options = { url, callTimeoutMs, installationId: await installationId(database), onFailure };
  return closing.opened(createRedisCounts(options), (open) => open.close());
}
