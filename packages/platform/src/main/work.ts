/** `nomaly worker`: runs jobs, and nothing else. */

import type { Config } from "../config/settings.ts";
import { createJobHandlers } from "../services/job-handlers.ts";
import type { Closing } from "./closing.ts";
import type { FoundDatabase } from "./find-database.ts";
import { startIndexCare } from "./index-care.ts";
import { createLogger } from "./logger.ts";
import { openService } from "./open-service.ts";

export interface RunningWorker {
  readonly where: string;
  close(): Promise<void>;
}

export interface WorkerToStart {
  readonly config: Config;
  readonly database: Promise<FoundDatabase>;
  /** Ends the start. */
  readonly signal?: AbortSignal | undefined;
  /** Has what was opened so far. */
  readonly closing: Closing;
}

export async function work({ config, database, closing, signal }: WorkerToStart): Promise<RunningWorker> {
  try {
    const { context, where, sendWebhook } = await openService(
      { config, kind: "worker", log: createLogger(config.logLevel), database, signal },
      closing,
    );
    await context.queue.work(createJobHandlers(context, sendWebhook), { concurrency: Math.max(1, config.jobConcurrency) });
    closing.opened(startIndexCare(context), (open) => open.close());
    return { where, close: async () => void (await closing.closeAll()) };
  } catch (error) {
    await database.catch(() => undefined);
    await closing.closeAll();
    throw error;
  }
}
