/** What the command line can do with the service: serve, run jobs, administer keys and the database. */

import type { KeyAdministration, KeyList, ServiceHost } from "../cli/frame/context.ts";
import type { Config } from "../config/settings.ts";
import { createKey, listKeys, revokeKey } from "../services/access/keys.ts";
import { migrate } from "../store/schema/migrate.ts";
import { openDatabase } from "../store/postgres/open-database.ts";
import type { Database } from "../store/postgres/sql.ts";
import { Closing } from "./closing.ts";
import { findDatabase } from "./find-database.ts";
import type { ProcessToStart } from "./serve.ts";

/** @param beforeStart is called before anything is opened. */
export function createServiceHost(version: string, beforeStart: (config: Config) => void = () => {}): ServiceHost {
  /** Begins to start the database, so that it starts while the modules of the service are loaded. */
  function begin(config: Config, signal: AbortSignal): ProcessToStart {
    beforeStart(config);
    const closing = new Closing();
    const database = findDatabase(config, closing, signal);
    // `serve` and `work` await it later; until then a failure must not count as an unhandled rejection.
    database.catch(() => undefined);
    return { config, version, database, closing, signal };
  }
  return {
    serve: async (config, signal) => {
      const start = begin(config, signal);
      return (await import("./serve.ts")).serve(start);
    },
    work: async (config, signal) => {
      const start = begin(config, signal);
      return (await import("./work.ts")).work(start);
    },
    withKeys,
    withDatabase: async (config, signal, use) => (await import("./database-administration.ts")).withDatabase(config, signal, use),
  };
}

/** Opens one connection to the database instead of the pool of a server. */
async function withKeys<Value>(config: Config, use: (keys: KeyAdministration) => Promise<Value>): Promise<Value> {
  const closing = new Closing();
  try {
    const { url } = await findDatabase(config, closing);
    await migrate(url);
    const options = {
      url,
      applicationName: "nomaly keys",
      poolSize: 1,
      maxOverflow: 0,
      acquireTimeoutMs: 10_000,
      recycleMs: 3_600_000,
      statementTimeoutMs: 60_000,
    };
    const database = closing.opened(openDatabase(options), (open) => open.close());
    return await use(administration(database));
  } finally {
    await closing.closeAll();
  }
}

function administration(database: Database): KeyAdministration {
  return {
    create: (given) => createKey(database, given),
    list: async (): Promise<KeyList> =>
      (await listKeys(database)).map(({ id, name, scopes, createdAt, revokedAt, expiresAt, lastUsedAt }) => ({
        id,
        name,
        scopes,
        state: revokedAt !== null ? "revoked" : expiresAt !== null && expiresAt.getTime() <= Date.now() ? "expired" : "valid",
        created_at: createdAt.toISOString(),
        last_used_at: lastUsedAt?.toISOString() ?? null,
      })),
    revoke: (id) => revokeKey(database, id),
  };
}
