/** How each part of the service is. One that is away shows here, and never makes the check itself fail or hang. */

import { type ConnectionBudget, connectionBudget } from "../../store/postgres/connection-budget.ts";
import { type IndexFault, indexFaults } from "../../store/schema/index-faults.ts";
import type { ReplicaStats } from "../../store/postgres/replica.ts";
import type { ServiceContext } from "../core/context.ts";

export interface PartHealth {
  readonly status: "ok" | "degraded" | "down";
  readonly detail?: string;
  readonly [name: string]: unknown;
}

export interface Health {
  /** `unavailable` when the database does not answer: without it nothing can be served. `degraded` when any part is not well. */
  readonly status: "ok" | "degraded" | "unavailable";
  readonly parts: Readonly<Record<string, PartHealth>>;
}

const checkMsMax = 2000;
const freeBytesMin = 256 * 1024 ** 2;

/** Cheap: what a load balancer asks every few seconds. */
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

/** All processes together, beside what the server takes; and whether every index serves. */
function databaseHealth(connections: ConnectionBudget, faults: readonly IndexFault[]): PartHealth {
  const details = [
    ...(connections.isWithin ? [] : ["our processes may open more connections than the server takes"]),
    ...faults.map(({ name, kind }) => `the index ${name} is ${kind}: it is rebuilt in the background`),
  ];
  if (details.length === 0) return { status: "ok", connections };
  return { status: "degraded", connections, detail: details.join("; ") };
}

/** Reads are answered without it, by the primary, which has more to do then. */
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

/** Requests are answered without Redis, only slower. */
function cacheHealth({ cache }: ServiceContext): PartHealth {
  const stats = cache.stats();
  // The connection that listens tells of its end at once; the breaker needs calls that fail.
  if (stats.level2 === undefined || (stats.level2.breaker === "closed" && stats.level2.isSubscribed)) {
    return { status: "ok", ...stats };
  }
  return { status: "degraded", ...stats, detail: "Redis does not answer: the cache is each process's own memory" };
}

async function within(check: () => Promise<PartHealth>): Promise<PartHealth> {
  const { promise: late, resolve } = Promise.withResolvers<PartHealth>();
  const timer = setTimeout(() => resolve({ status: "down", detail: `no answer within ${checkMsMax} ms` }), checkMsMax);
  const answer = check().catch((error: unknown): PartHealth => ({ status: "down", detail: (error as Error).message }));
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
