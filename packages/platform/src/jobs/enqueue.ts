/** Puts a job into the queue within the caller's transaction. */

import { createHash } from "node:crypto";
import { NomalyError } from "@nomaly/detect";
import type { PgBoss } from "pg-boss";
import { newId } from "../ids/ids.ts";
import type { Sql } from "../store/postgres/sql.ts";
import { bossDatabase } from "./boss.ts";
import type { JobName, JobPayloads } from "./job-types.ts";
import type { EnqueueOptions } from "./queue.ts";

/** Rows stand in data sets: what is larger than this was put into the wrong place. */
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
      const message = `what a job is told must be shorter than ${payloadCharsMax} characters, not ${length}: put rows into a data set`;
      throw new NomalyError("TOO_LARGE", message, { field: "payload" });
    }
    const id = key === undefined ? newId() : idOfKey(name, key);
    const made = await boss.send(name, payload, { id, retryLimit, db: bossDatabase(sql) });
    // Nothing is made where the id is there already: an earlier request under the same key made it.
    if (made !== id && key === undefined) throw new Error("internal: a new job has the id that it was given");
    return id;
  };
}

/** The same id for the same key, so that the table itself refuses a second one (UUID version 8, RFC 9562 section 5.8). */
export function idOfKey(name: JobName, key: string): string {
  const bytes = createHash("sha256").update(`${name}\n${key}`).digest().subarray(0, 16);
  bytes[6] = 0x80 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
