/** Opens the context of services as a server does, without the server, for situations that no request can cause. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config/read-config.ts";
import { Closing } from "../../src/main/closing.ts";
import { openService } from "../../src/main/open-service.ts";
import { noReserve } from "../../src/store/embedded/disk-reserve.ts";
import type { Call, ServiceContext } from "../../src/services/core/context.ts";

export interface OpenContext {
  readonly context: ServiceContext;
  close(): Promise<void>;
}

/** @param settings by name, as on the command line. */
export async function openContext(databaseUrl: string, settings: Readonly<Record<string, string>> = {}): Promise<OpenContext> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-context-"));
  const commandLine = { data_dir: folder, log_level: "silent", database_url: databaseUrl, ...settings };
  const { config } = readConfig({ commandLine, environment: {} });
  const closing = new Closing();
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const database = Promise.resolve({ url: databaseUrl, isEmbedded: false, reserve: noReserve });
  const { context } = await openService({ config, kind: "serve", log, database }, closing);
  return {
    context,
    async close() {
      await closing.closeAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function someCall(): Call {
  return { actor: "test", requestId: "test", signal: new AbortController().signal };
}
