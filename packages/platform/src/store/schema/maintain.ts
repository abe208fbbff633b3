/** Maintains the tables that grow: makes partitions ahead, deletes old results, idempotency keys, audit entries, request counts and records of alerts. */

import { deleteOldAuditEntries } from "../tables/audit-log.ts";
import { deleteOldAlertRecords } from "../tables/alerts/states.ts";
import { databaseNow } from "../postgres/database-clock.ts";
import { deleteOldKeys } from "../tables/idempotency.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import { ensureResultPartitions, removeOldResults, type RetentionOutcome } from "./result-partitions.ts";
import { deleteOldRequestCounts } from "../tables/request-counts.ts";
import { sqlOn } from "../postgres/statement.ts";

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

/** On a connection of its own, without a statement timeout. Repeatable; meant to run about once a day. */
export function maintain({ url, resultRetentionDays, signal, now }: MaintenanceOptions): Promise<MaintenanceOutcome> {
  return onOwnConnection(url, "maintenance", async (connection) => {
    const sql = sqlOn(connection, { signal });
    // By the database's clock: a wrong clock of this process must not decide what is old.
    const today = now ?? (await databaseNow(sql));
    const madePartitions = await ensureResultPartitions(connection, signal, today);
    const retention = await removeOldResults(connection, resultRetentionDays, signal, today);
    const deletedIdempotencyKeys = await deleteOldKeys(sql, idempotencyHours);
    const deletedAuditEntries = await deleteOldAuditEntries(sql, auditDays);
    await deleteOldRequestCounts(sql);
    await deleteOldAlertRecords(sql);
    return { madePartitions, ...retention, deletedIdempotencyKeys, deletedAuditEntries };
  });
}
