/** What `nomaly db` does with the database: checks its server's settings, maintains it. */

import { availableMemoryBytes } from "../budget/memory-limit.ts";
import type { DatabaseAdministration } from "../cli/frame/database-administration.ts";
import type { Config } from "../config/settings.ts";
import { onOwnConnection } from "../store/postgres/own-connection.ts";
import { connectionCountOf } from "../store/postgres/pool-sizes.ts";
import { sqlOn } from "../store/postgres/statement.ts";
import { migrate } from "../store/schema/migrate.ts";
import { weeklyMaintenance } from "../store/schema/weekly-maintenance.ts";
import { checkSettings } from "../store/watch/settings-check.ts";
import { settingsConf, settingsSql } from "../store/watch/settings-text.ts";
import { Closing } from "./closing.ts";
import { findDatabase } from "./find-database.ts";

/** Starts or joins the embedded database where no server is named; beside a running service too. */
export async function withDatabase<Value>(
  config: Config,
  signal: AbortSignal,
  use: (administration: DatabaseAdministration) => Promise<Value>,
): Promise<Value> {
  const closing = new Closing();
  try {
    const { url, isEmbedded } = await findDatabase(config, closing, signal);
    return await use({
      check: async (memoryBytes = isEmbedded || isLocal(url) ? availableMemoryBytes() : undefined) => {
        const { databasePoolSize: poolSize, databaseMaxOverflow: maxOverflow, databaseConnectionReserve: reserve } = config;
        const options = { ofProcess: connectionCountOf({ poolSize, maxOverflow }), reserve, memoryBytes, isEmbedded };
        const report = await onOwnConnection(url, "check", (connection) => checkSettings(sqlOn(connection, { signal }), options));
        return { report, sql: settingsSql(report), conf: settingsConf(report) };
      },
      maintain: async () => {
        await migrate(url);
        const { isOurs: done, failed, ...rest } = await weeklyMaintenance({ url, signal });
        return { done, ...rest, failed: failed.map(({ name, error }) => ({ name, error: (error as Error).message })) };
      },
    });
  } finally {
    await closing.closeAll();
  }
}

/** Whether the server runs on this machine, as far as its address tells. */
function isLocal(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return ["", "localhost", "127.0.0.1", "[::1]"].includes(host);
}
