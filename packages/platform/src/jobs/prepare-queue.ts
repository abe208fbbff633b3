/** Makes the queue's tables, its settings and the view `jobs`; when they are there as this version wants them, one look is all. */

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError } from "@nomaly/detect";
import { PgBoss } from "pg-boss";
import { closeConnection, type Connection, openConnection } from "../store/postgres/connection.ts";
import { databaseError } from "../store/postgres/database-error.ts";
import type { Sql } from "../store/postgres/sql.ts";
import { bossOptions } from "./boss.ts";
import { jobPolicies, keptSeconds } from "./job-policies.ts";
import { jobNames } from "./job-types.ts";
import { jobView } from "./job-view.ts";

/** The schema version of the installed pg-boss; a test holds it against the package. */
export const pgBossSchema = 46;

/** Any number that nothing else uses, the same in all our processes. */
const advisoryLock = 7_263_561;
const lockPollMs = 50;
const connectTimeoutMs = 10_000;
/** As short as the library takes. */
const indexBuildPollSeconds = 10;
const indexBuildPauseMs = 10;

export interface PrepareOptions {
  readonly url: string;
  /** How long a job stays with a process that no longer says it is alive. */
  readonly leaseSeconds: number;
}

/** @throws NomalyError DATABASE; CONFLICT when the tables are those of a newer version. */
export async function prepareQueue(database: Sql, { url, leaseSeconds }: PrepareOptions): Promise<void> {
  const wanted = signatureOf(leaseSeconds);
  if ((await presentSignature(database)) === wanted) return;
  // A connection of its own: making tables and waiting for another process that makes them knows no time limit.
  const options = { url, applicationName: "nomaly queue", statementTimeoutMs: 0, connectTimeoutMs };
  const connection = await openConnection(options);
  const { client } = connection;
  try {
    const sql = sqlOf(client);
    await takeLock(sql);
    if ((await presentSignature(sql)) === wanted) return;
    await installTables(sql);
    await client.query(settingStatements(leaseSeconds, wanted));
  } catch (error) {
    throw databaseError(error);
  } finally {
    await closeConnection(connection);
  }
}

/** Asked again and again: a statement that waits in the database would hold up the index builds of the process it waits for. */
async function takeLock(sql: Sql): Promise<void> {
  for (;;) {
    const { rows } = await sql.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [advisoryLock]);
    if (rows[0].taken) return;
    await sleep(lockPollMs);
  }
}

/** Also of several statements sent as one, which the library does: the rows of all. */
function sqlOf(client: Connection["client"]): Sql {
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) => {
      const answer = await client.query<Row>(text, [...values]);
      // The driver's types do not know that it answers a list then.
      const results = [answer].flat();
      const rows = results.flatMap((result) => result.rows);
      return { rows, rowCount: rows.length };
    },
  };
}

/** Changes whenever anything that this module makes would. */
function signatureOf(leaseSeconds: number): string {
  const text = JSON.stringify([pgBossSchema, settingStatements(leaseSeconds, "")]);
  return `nomaly ${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

async function presentSignature(sql: Sql): Promise<string | undefined> {
  const text = "select obj_description(to_regclass('jobs'), 'pg_class') as signature";
  const { rows } = await sql.query<{ signature: string | null }>(text);
  return rows[0].signature ?? undefined;
}

/** By the library's own means, which go on where an earlier start was interrupted. */
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
  // The view would keep a migration from changing the columns under it. It comes back at the end.
  await sql.query("drop view if exists jobs");
  // The library's pause after the last look for indexes to build may not have passed yet.
  await sql.query("update pgboss.version set bam_on = null");
}

/** A migration leaves the building of indexes, which no transaction may hold, to the library's background. */
async function indexesBuilt(boss: PgBoss, failure: () => Error | undefined): Promise<void> {
  for (;;) {
    await new Promise((later) => setTimeout(later, indexBuildPauseMs));
    const error = failure();
    if (error !== undefined) throw error;
    // One that failed at an earlier start is tried again first.
    if (boss.isBamWorking()) continue;
    const builds = await boss.getBamStatus();
    if (builds.every(({ status }) => status === "completed")) return;
    if (builds.some(({ status }) => status === "failed")) {
      throw new NomalyError("DATABASE", "an index of the job tables could not be built", { field: "database" });
    }
  }
}

/** One transaction, which may be repeated at any time. */
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
