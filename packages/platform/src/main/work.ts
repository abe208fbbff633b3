/** `nomaly worker`: runs jobs, and nothing else. */

import type { Config } from "../config/settings.ts";
import { createJobHandlers } from "../services/job-handlers.ts";
import { Closing } from "./closing.ts";
import { createLogger } from "./logger.ts";
import { openService } from "./open-service.ts";

export interface RunningWorker {
  readonly where: string;
  close(): Promise<void>;
}

export async function work({
  config,
  signal,
}: {
  readonly config: Config;
  readonly signal: AbortSignal;
}): Promise<RunningWorker> {
  const closing = new Closing();
  try {
    const { context, where, sendWebhook } = await openService(
      { config, kind: "worker", log: createLogger(config.logLevel), signal },
      closing,
    );
    await context.queue.work(createJobHandlers(context, sendWebhook), { concurrency: Math.max(1, config.jobConcurrency) });
    return { where, close: async () => void (await closing.closeAll()) };
  } catch (error) {
    await closing.closeAll();
    throw error;
  }
}
