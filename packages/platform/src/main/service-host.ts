/** The service's side of the command line. */

import type { KeyAdministration, KeyList, ServiceHost } from "../cli/frame/context.ts";
import type { Config } from "../config/settings.ts";
import { createKey, listKeys, revokeKey } from "../services/access/keys.ts";
import { migrate } from "../store/schema/migrate.ts";
import { openDatabase } from "../store/postgres/open-database.ts";
import type { Database } from "../store/postgres/sql.ts";
import { Closing } from "./closing.ts";
import { findDatabase, type FoundDatabase } from "./find-database.ts";

/**
 * The database starts first: while it does, the rest of the program is read.
 * @param beforeStart is called before anything is opened.
 */
export function createServiceHost(version: string, beforeStart: (config: Config) => void = () => {}): ServiceHost {
  return {
    serve: async (config, signal) => {
      beforeStart(config);
      const { closing, database } = begin(config, signal);
      const { serve } = await import("./serve.ts");
      return serve({ config, version, database, closing, signal });
    },
    work: async (config, signal) => {
      beforeStart(config);
      const { closing, database } = begin(config, signal);
      const { work } = await import("./work.ts");
      return work({ config, version, database, closing, signal });
    },
    withKeys,
  };
}

function begin(config: Config, signal: AbortSignal): { readonly closing: Closing; readonly database: Promise<FoundDatabase> } {
  const closing = new Closing();
  const database = findDatabase(config, closing, signal);
  // Whoever awaits it hears of its failure; until then nobody does.
  database.catch(() => undefined);
  return { closing, database };
}

/** One connection is enough; the pool of a server is not opened for it. */
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
