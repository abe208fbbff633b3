/** Limits how long the queue's loops wait for the database, so that a silent connection does not stop them. */

import { NomalyError } from "@nomaly/detect";
import { isPassing } from "../store/postgres/database-error.ts";
import type { Database } from "../store/postgres/sql.ts";

export function bounded(database: Database, limitMs: number): Database {
  return database.withSignal(AbortSignal.timeout(limitMs));
}

/** True when the same statement may succeed a moment later, also after the limit of `bounded`. */
export function mayPass(error: unknown): boolean {
  return isPassing(error) || (error instanceof NomalyError && error.code === "ABORTED");
}
