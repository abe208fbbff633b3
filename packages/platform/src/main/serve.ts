/** `nomaly serve`: opens the service, listens, and ends in order when told to. */

import type { AddressInfo } from "node:net";
import { NomalyError } from "@nomaly/detect";
import type { Config } from "../config/settings.ts";
import type { AccessRules } from "../http/access.ts";
import { createApp } from "../http/app.ts";
import { createJobHandlers } from "../services/job-handlers.ts";
import { createAuthenticate } from "../services/authenticate.ts";
import type { Closing } from "./closing.ts";
import { countedParts } from "./counted-parts.ts";
import type { FoundDatabase } from "./find-database.ts";
import { createLogger } from "./logger.ts";
import { openService } from "./open-service.ts";

export interface RunningServer {
  readonly url: string;
  readonly where: string;
  /** Stops taking requests, lets running ones end, closes everything. */
  close(): Promise<void>;
}

export interface ServerToStart {
  readonly config: Config;
  readonly version: string;
  readonly database: Promise<FoundDatabase>;
  /** Has what was opened so far. */
  readonly closing: Closing;
}

export async function serve({ config, version, database, closing }: ServerToStart): Promise<RunningServer> {
  const logger = createLogger(config.logLevel);
  try {
    const required = requiresCaller(config);
    const { context, httpClient, sendWebhook, where } = await openService(
      { config, kind: "serve", log: logger, database },
      closing,
    );
    const access: AccessRules = { required, authenticate: createAuthenticate(context, httpClient) };
    const counted = countedParts(context, httpClient);
    const app = closing.opened(await createApp({ context, access, version, logger, counted }), async (open) => {
      // At once, each within the time that running work is given: neither requests nor jobs begin while the others end.
      const timeoutMs = config.shutdownTimeoutS * 1000;
      const jobsEnd = context.queue.close({ timeoutMs });
      await open.close().finally(() => jobsEnd);
    });
    if (config.jobConcurrency > 0)
      await context.queue.work(createJobHandlers(context, sendWebhook), { concurrency: config.jobConcurrency });
    await listen(app, config);
    context.compute.warmUp();
    return { url: urlOf(app, config), where, close: async () => void (await closing.closeAll()) };
  } catch (error) {
    // It may still be starting: only then is it among what is to be closed.
    await database.catch(() => undefined);
    await closing.closeAll();
    throw error;
  }
}

/** @throws NomalyError CONFIG for an open door to the network. */
function requiresCaller({ auth, host, jwksUrl }: Config): boolean {
  const isLoopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (auth === "none" && !isLoopback) {
    throw new NomalyError("CONFIG", `auth is "none", which goes with a loopback address only; host is ${host}`, {
      field: "auth",
    });
  }
  return auth === "required" || (auth === "auto" && (!isLoopback || jwksUrl !== undefined));
}

/** Of a burst, until they are accepted, one a turn of the event loop. The system cuts it to its own limit (`net.core.somaxconn`). */
const waitingConnectionsMax = 4096;

type App = Awaited<ReturnType<typeof createApp>>;

async function listen(app: App, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port, backlog: waitingConnectionsMax });
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall !== "listen" && syscall !== "getaddrinfo") throw cause;
    const why =
      code === "EADDRINUSE" ? "another program listens there; --port or NOMALY_PORT takes another" : (cause as Error).message;
    throw new NomalyError("CONFIG", `cannot listen on ${host} port ${port}: ${why}`, { field: "port", cause });
  }
}

function urlOf(app: App, { host }: Config): string {
  const { port } = app.server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
