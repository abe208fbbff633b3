/** Refuses what would take more bytes than the quota of everything stored together. */

import { NomalyError } from "@nomaly/detect";
import type { Config } from "../../config/settings.ts";
import { lockedTotalBytes, totalBytes } from "../../store/tables/stored-bytes.ts";
import type { Sql } from "../../store/postgres/sql.ts";

type Quota = Pick<Config, "quotaBytes">;

/** Before work whose outcome is to be stored, so that nobody waits for what is then refused. @throws NomalyError QUOTA. */
export async function requireSomeQuota(sql: Sql, quota: Quota): Promise<void> {
  requireWithin(await totalBytes(sql), 1, quota);
}

/** What is stored at the same moment is not counted. @throws NomalyError QUOTA. */
export async function requireQuota(sql: Sql, addedBytes: number, quota: Quota): Promise<void> {
  requireWithin(await totalBytes(sql), addedBytes, quota);
}

/** In a transaction, which others that ask the same wait for. @throws NomalyError QUOTA. */
export async function requireExactQuota(sql: Sql, addedBytes: number, quota: Quota): Promise<void> {
  requireWithin(await lockedTotalBytes(sql), addedBytes, quota);
}

function requireWithin(usedBytes: number, addedBytes: number, { quotaBytes }: Quota): void {
  if (usedBytes + addedBytes <= quotaBytes) return;
  const message = `data sets, models and results take ${usedBytes} bytes; with ${addedBytes} more they would pass the quota of ${quotaBytes} (quota_bytes): remove some of them`;
  throw new NomalyError("QUOTA", message, {
    field: "quota_bytes",
    expected: `at most ${quotaBytes}`,
    received: String(usedBytes + addedBytes),
  });
}
