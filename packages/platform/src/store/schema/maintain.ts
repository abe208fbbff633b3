/** Upkeep of the tables that grow: partitions ahead, retention, remains of old requests. */

import { deleteOldAuditEntries } from "../tables/audit-log.ts";
import { databaseNow } from "../postgres/database-clock.ts";
import { deleteOldKeys } from "../tables/idempotency.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import { ensureResultPartitions, removeOldResults, type RetentionOutcome } from "./result-partitions.ts";
import { deleteOldRequestCounts } from "../tables/request-counts.ts";
import type { Sql } from "../postgres/sql.ts";
import { runStatement } from "../postgres/statement.ts";

export interface MaintenanceOptions {
  readonly url: string;
  readonly resultRetentionDays: number;
  readonly signal?: AbortSignal | undefined;
  readonly now?: Date | undefined;
}

export interface MaintenanceOutcome extends RetentionOutcome {
  readonly madePartitions: readonly string[];
  readonly deletedIdempotencyKeys: number;
  readonly deletedAuditEntries: number;
}

const idempotencyHours = 24;
const auditDays = 365;

/** On a connection of its own, outside the limit for statements. Repeatable; meant for once a day. */
export function maintain({ url, resultRetentionDays, signal, now }: MaintenanceOptions): Promise<MaintenanceOutcome> {
  return onOwnConnection(url, "maintenance", async (connection) => {
    const sql: Sql = { query: (text, values = []) => runStatement(connection, text, values, { signal }) };
    // By the database's clock: one of ours that is wrong must not decide what is old.
    const today = now ?? (await databaseNow(sql));
    const madePartitions = await ensureResultPartitions(connection, signal, today);
    const retention = await removeOldResults(connection, resultRetentionDays, signal, today);
    const deletedIdempotencyKeys = await deleteOldKeys(sql, idempotencyHours);
    const deletedAuditEntries = await deleteOldAuditEntries(sql, auditDays);
    await deleteOldRequestCounts(sql);
    return { madePartitions, ...retention, deletedIdempotencyKeys, deletedAuditEntries };
  });
}
