/** Runs `nomaly worker`: runs jobs, and serves health and metrics where a port is set. */

import type { FastifyBaseLogger } from "fastify";
import { createApp } from "../http/create-app.ts";
import { createJobHandlers } from "../services/jobs/job-handlers.ts";
import { createAuthenticate } from "../services/access/authenticate.ts";
import { countedParts } from "./counted-parts.ts";
import { startIndexCare } from "./upkeep/index-care.ts";
import { listen, requiresCaller } from "./listening.ts";
import { createLogger } from "./logger.ts";
import { type OpenedService, openService } from "./open-service.ts";
import type { ProcessToStart } from "./serve.ts";

export interface RunningWorker {
  readonly where: string;
  /** Address of health and metrics; undefined without a port. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

export async function work(start: ProcessToStart): Promise<RunningWorker> {
  const { config, database, closing, signal } = start;
  const logger = createLogger(config.logLevel);
  try {
    const opened = await openService({ config, kind: "worker", log: logger, database, signal }, closing);
    const { context, where, sendWebhook } = opened;
    const url = await serveHealth(opened, start, logger);
    await context.queue.work(createJobHandlers(context, sendWebhook), { concurrency: Math.max(1, config.jobConcurrency) });
    closing.opened(startIndexCare(context), (open) => open.close());
    return { where, url, close: async () => void (await closing.closeAll()) };
  } catch (error) {
    await database.catch(() => undefined);
    await closing.closeAll();
    throw error;
  }
}

/** Asks for keys as a server does. @throws NomalyError CONFIG. */
async function serveHealth(
  { context, httpClient }: OpenedService,
  { version, closing }: ProcessToStart,
  logger: FastifyBaseLogger,
): Promise<string | undefined> {
  const { host, workerPort: port, shutdownTimeoutS } = context.config;
  if (port === undefined) return undefined;
  const access = { required: requiresCaller(context.config), authenticate: createAuthenticate(context, httpClient) };
  const counted = countedParts(context, httpClient);
  const app = await createApp({ context, access, version, logger, counted, serves: "health" });
  closing.opened(app, async (open) => {
    // Health stays available until the running jobs have ended.
    await context.queue.close({ timeoutMs: shutdownTimeoutS * 1000 });
    await open.close();
  });
  return listen(app, { host, port, setting: "worker_port" });
}
