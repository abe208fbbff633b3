/** `nomaly serve` and `nomaly worker`: run until a signal, then shut down in order. */

import { once } from "node:events";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, note, say } from "../frame/context.ts";
import { serviceConfig } from "../frame/service-config.ts";

export async function runServe(given: Arguments, context: CliContext): Promise<void> {
  const { config } = serviceConfig(given, context);
  const host = await context.serviceHost();
  const server = await host.serve(config, context.signal);
  // A browser cannot open the wildcard address.
  const near = server.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  say(context, `nomaly serves ${server.url} (${server.where}); the dashboard is at ${near}/, the API at ${near}/docs`);
  await untilStopped(context, () => server.close());
}

export async function runWorker(given: Arguments, context: CliContext): Promise<void> {
  const { config } = serviceConfig(given, context);
  const host = await context.serviceHost();
  const worker = await host.work(config, context.signal);
  say(
    context,
    `nomaly works on jobs (${worker.where})${worker.url === undefined ? "" : `; its health is at ${worker.url}/health/full`}`,
  );
  await untilStopped(context, () => worker.close());
}

async function untilStopped(context: CliContext, close: () => Promise<void>): Promise<void> {
  if (!context.signal.aborted) await once(context.signal, "abort");
  note(context, "stopping: running work may finish, new work is refused; a second signal stops at once");
  await close();
}
