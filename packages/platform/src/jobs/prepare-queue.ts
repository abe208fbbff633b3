/** Makes the queue's tables, its settings and the view `jobs`. When this version has made them before, one query is all. */

import { createHash } from "node:crypto";
import { NomalyError } from "@nomaly/detect";
import { PgBoss } from "pg-boss";
import { takeLock } from "../store/postgres/advisory-locks.ts";
import type { Connection } from "../store/postgres/connection.ts";
import { databaseError } from "../store/postgres/database-error.ts";
import { onOwnConnection } from "../store/postgres/own-connection.ts";
import type { Sql } from "../store/postgres/sql.ts";
import { bossOptions } from "./boss.ts";
import { jobPolicies, keptSeconds } from "./job-policies.ts";
import { jobNames } from "./job-types.ts";
import { jobView } from "./job-view.ts";

/** The schema version of the installed pg-boss; a test holds it against the package. */
export const pgBossSchema = 46;

/** The shortest interval that the library accepts. */
const indexBuildPollSeconds = 10;
const indexBuildPauseMs = 10;

export interface PrepareOptions {
  readonly url: string;
  /** How long a job stays with a process that no longer renews its lease. */
  readonly leaseSeconds: number;
}

/** @throws NomalyError DATABASE; CONFLICT when a newer version made the tables. */
export async function prepareQueue(database: Sql, { url, leaseSeconds }: PrepareOptions): Promise<void> {
  const wanted = signatureOf(leaseSeconds);
  if ((await presentSignature(database)) === wanted) return;
  await onOwnConnection(url, "queue", async ({ client }) => {
    try {
      const sql = sqlOf(client);
      await takeLock(sql, "queue");
      if ((await presentSignature(sql)) === wanted) return;
      await installTables(sql);
      await client.query(settingStatements(leaseSeconds, wanted));
    } catch (error) {
      throw databaseError(error);
    }
  });
}

/** The library sends several statements as one text: this returns the rows of all. */
function sqlOf(client: Connection["client"]): Sql {
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) => {
      const answer = await client.query<Row>(text, [...values]);
      // The driver then returns a list of results, which its types leave out.
      const results = [answer].flat();
      const rows = results.flatMap((result) => result.rows);
      return { rows, rowCount: rows.length };
    },
  };
}

/** Changes whenever this module would make anything differently. */
function signatureOf(leaseSeconds: number): string {
  const text = JSON.stringify([pgBossSchema, settingStatements(leaseSeconds, "")]);
  return `nomaly ${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

async function presentSignature(sql: Sql): Promise<string | undefined> {
  const text = "select obj_description(to_regclass('jobs'), 'pg_class') as signature";
  const { rows } = await sql.query<{ signature: string | null }>(text);
  return rows[0].signature ?? undefined;
}

/** Lets the library install or migrate its tables; it continues an interrupted earlier start. */
async function installTables(sql: Sql): Promise<void> {
  const boss = new PgBoss({ ...bossOptions(sql), migrate: true, bamIntervalSeconds: indexBuildPollSeconds });
  let failure: Error | undefined;
  boss.on("error", (error: Error) => (failure = error));
  if (await boss.isInstalled()) await beforeUpgrade(sql, await boss.schemaVersion());
  try {
    await boss.start();
    await indexesBuilt(boss, () => failure);
  } finally {
    await boss.stop({ close: false, graceful: false });
  }
}

async function beforeUpgrade(sql: Sql, present: number | null): Promise<void> {
  if (present !== null && present > pgBossSchema) {
    const message = `the job tables were made by a newer version (${present}, this one knows ${pgBossSchema}): upgrade this program`;
    throw new NomalyError("CONFLICT", message, { field: "database_url" });
  }
  // A migration cannot change the columns of a table while the view uses them. The view is made again at the end.
  await sql.query("drop view if exists jobs");
  // Otherwise the library may still wait before it looks for indexes to build.
  await sql.query("update pgboss.version set bam_on = null");
}

/** Waits until the library has built its indexes, which it does in the background because a transaction cannot. */
async function indexesBuilt(boss: PgBoss, failure: () => Error | undefined): Promise<void> {
  for (;;) {
    await new Promise((later) => setTimeout(later, indexBuildPauseMs));
    const error = failure();
    if (error !== undefined) throw error;
    // The library first tries again the builds that failed at an earlier start.
    if (boss.isBamWorking()) continue;
    const builds = await boss.getBamStatus();
    if (builds.every(({ status }) => status === "completed")) return;
    if (builds.some(({ status }) => status === "failed")) {
      throw new NomalyError("DATABASE", "an index of the job tables could not be built", { field: "database" });
    }
  }
}

/** SQL of one transaction, which may be repeated at any time. */
function settingStatements(leaseSeconds: number, signature: string): string {
  const queues = jobNames.map((name) => {
    const { expireSeconds, retryDelaySeconds, retryDelaySecondsMax } = jobPolicies[name];
    return `select pgboss.create_queue('${name}', '{"policy": "standard"}');
      update pgboss.queue set
        expire_seconds = ${expireSeconds},
        retry_delay = ${retryDelaySeconds},
        retry_backoff = true,
        retry_delay_max = ${retryDelaySecondsMax},
        heartbeat_seconds = ${leaseSeconds},
        deletion_seconds = ${keptSeconds}
      where name = '${name}'`;
  });
  const view = ["drop view if exists jobs", jobView, `comment on view jobs is '${signature}'`];
  return ["begin", ...queues, ...view, "commit"].join(";\n");
}
