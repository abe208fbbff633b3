/** Opens a migrated database with a pool, for tests of the store. */

import { type DatabaseOptions, type OpenDatabase, openDatabase } from "../../src/store/postgres/open-database.ts";
import { newId } from "../../src/ids/ids.ts";
import { migrate } from "../../src/store/schema/migrate.ts";
import type { Database } from "../../src/store/postgres/sql.ts";
import { insertDetector, type NewDetector } from "../../src/store/tables/detectors.ts";
import type { TestDatabase } from "./postgres.ts";

export async function openTestStore(
  server: TestDatabase,
  options: Partial<DatabaseOptions> = {},
): Promise<{ readonly url: string; readonly database: OpenDatabase }> {
  const url = await server.createDatabase();
  await migrate(url);
  return { url, database: openTestDatabase({ url, ...options }) };
}

export function openTestDatabase(options: Partial<DatabaseOptions> & { readonly url: string }): OpenDatabase {
  return openDatabase({
    applicationName: "nomaly test",
    poolSize: 5,
    maxOverflow: 10,
    acquireTimeoutMs: 10_000,
    recycleMs: 3_600_000,
    statementTimeoutMs: 60_000,
    ...options,
  });
}

export async function addDetector(database: Database, changes: Partial<NewDetector> = {}): Promise<string> {
  const id = changes.id ?? newId();
  const detector = {
    id,
    name: "pumps",
    algorithmName: "knn",
    contamination: 0.1,
    options: {},
    hyperparameters: { k: 5 },
    ...changes,
  };
  await database.transaction((sql) => insertDetector(sql, detector));
  return id;
}
