/** Checks the health of each part of the service. A part that does not answer makes the check neither fail nor hang. */

import { type ConnectionBudget, connectionBudget } from "../../store/postgres/connection-budget.ts";
import { type IndexFault, indexFaults } from "../../store/schema/index-faults.ts";
import type { ReplicaStats } from "../../store/postgres/replica.ts";
import type { ServiceContext } from "../core/context.ts";
import { answeredWithin } from "./answered.ts";

export interface PartHealth {
  readonly status: "ok" | "degraded" | "down";
  readonly detail?: string;
  readonly [name: string]: unknown;
}

export interface Health {
  /** `unavailable` when the database does not answer; `degraded` when any part is not `ok`. */
  readonly status: "ok" | "degraded" | "unavailable";
  readonly parts: Readonly<Record<string, PartHealth>>;
}

const checkMsMax = 2000;
const freeBytesMin = 256 * 1024 ** 2;

/** Whether the database answers. Cheap, for a load balancer that asks every few seconds. */
export async function isReady({ database }: ServiceContext): Promise<boolean> {
  const { status } = await within(async () => {
    await database.query("select 1");
    return { status: "ok" };
  });
  return status === "ok";
}

export async function checkHealth(context: ServiceContext): Promise<Health> {
  const { config, blobs, queue } = context;
  const [database, disk, depth] = await Promise.all([
    within(async () =>
      databaseHealth(
        await connectionBudget(context.database, config.databaseConnectionReserve),
        await indexFaults(context.database),
      ),
    ),
    within(async () => diskHealth((await blobs.check()).freeBytes)),
    within(async () => ({ status: "ok" as const, depth: await queue.depth() })),
  ]);
  const stats = context.database.stats();
  const parts = {
    database: { ...withReplica(database, stats.replica), ...stats },
    cache: cacheHealth(context),
    queue: { ...depth, ...queue.stats() },
    compute: { status: "ok" as const, ...context.compute.stats() },
    disk,
  };
  return { status: statusOf(parts), parts };
}

function statusOf(parts: Readonly<Record<string, PartHealth>> & { readonly database: PartHealth }): Health["status"] {
  if (parts.database.status === "down") return "unavailable";
  return Object.values(parts).every(({ status }) => status === "ok") ? "ok" : "degraded";
}

/** Whether the connections of all processes fit into the server's limit, and every index is valid. */
function databaseHealth(connections: ConnectionBudget, faults: readonly IndexFault[]): PartHealth {
  const details = [
    ...(connections.isWithin ? [] : ["our processes may open more connections than the server takes"]),
    ...faults.map(({ name, kind }) => `the index ${name} is ${kind}: it is rebuilt in the background`),
  ];
  if (details.length === 0) return { status: "ok", connections };
  return { status: "degraded", connections, detail: details.join("; ") };
}

/** Without a replica that is up to date, the primary answers all reads. */
function withReplica(database: PartHealth, replica: ReplicaStats | undefined): PartHealth {
  if (replica?.state !== "stale" && replica?.state !== "down") return database;
  const said = replica.state === "down" ? "the replica does not answer" : "the replica is too far behind";
  const details = [database.detail, `${said}: reads go to the primary`].filter((detail) => detail !== undefined);
  return { ...database, status: database.status === "ok" ? "degraded" : database.status, detail: details.join("; ") };
}

function diskHealth(freeBytes: number | undefined): PartHealth {
  if (freeBytes === undefined) return { status: "ok" };
  if (freeBytes >= freeBytesMin) return { status: "ok", free_bytes: freeBytes };
  return { status: "degraded", free_bytes: freeBytes, detail: "the disk of the data folder is nearly full" };
}

/** Only degraded without Redis: requests are then slower. */
function cacheHealth({ cache }: ServiceContext): PartHealth {
  const stats = cache.stats();
  // The subscriber notices a lost connection at once, the breaker only after failed calls.
  if (stats.level2 === undefined || (stats.level2.breaker === "closed" && stats.level2.isSubscribed)) {
    return { status: "ok", ...stats };
  }
  return { status: "degraded", ...stats, detail: "Redis does not answer: the cache is each process's own memory" };
}

async function within(check: () => Promise<PartHealth>): Promise<PartHealth> {
  const { value, error } = await answeredWithin(checkMsMax, check);
  return value ?? { status: "down", detail: error ?? "" };
}
