/** The database with a limit on the wait, for what goes on all the time: a connection that went silent must not stop it. */

import { NomalyError } from "@nomaly/detect";
import { isPassing } from "../store/postgres/database-error.ts";
import type { Database } from "../store/postgres/sql.ts";

export function bounded(database: Database, limitMs: number): Database {
  return database.withSignal(AbortSignal.timeout(limitMs));
}

/** True when the same may succeed a moment later; the limit counts as that. */
export function mayPass(error: unknown): boolean {
  return isPassing(error) || (error instanceof NomalyError && error.code === "ABORTED");
}
