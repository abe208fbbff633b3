/** Puts a job into the queue within the caller's transaction. */

import { createHash } from "node:crypto";
import { NomalyError } from "@nomaly/detect";
import type { PgBoss } from "pg-boss";
import { newId } from "../ids/ids.ts";
import type { Sql } from "../store/postgres/sql.ts";
import { bossDatabase } from "./boss.ts";
import type { JobName, JobPayloads } from "./job-types.ts";
import type { EnqueueOptions } from "./queue.ts";

/** A payload names data sets; one larger than this probably holds rows. */
const payloadCharsMax = 1_048_576;

export type Enqueue = <Name extends JobName>(
  sql: Sql,
  name: Name,
  payload: JobPayloads[Name],
  options?: EnqueueOptions,
) => Promise<string>;

export function createEnqueue(boss: PgBoss, retryLimit: number): Enqueue {
  return async (sql, name, payload, { key } = {}) => {
    const { length } = JSON.stringify(payload);
    if (length > payloadCharsMax) {
      const message = `the payload of a job must be at most ${payloadCharsMax} characters of JSON, not ${length}: store rows as a data set`;
      throw new NomalyError("TOO_LARGE", message, { field: "payload" });
    }
    const id = key === undefined ? newId() : idOfKey(name, key);
    const made = await boss.send(name, payload, { id, retryLimit, db: bossDatabase(sql) });
    // The library makes no second job with the same id: an earlier request under the same key made the job.
    if (made !== id && key === undefined) throw new Error("internal: a new job must have the id that it was given");
    return id;
  };
}

/** The same id for the same key, so that the table refuses a second job (UUID version 8, RFC 9562 section 5.8). */
export function idOfKey(name: JobName, key: string): string {
  const bytes = createHash("sha256").update(`${name}\n${key}`).digest().subarray(0, 16);
  bytes[6] = 0x80 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
