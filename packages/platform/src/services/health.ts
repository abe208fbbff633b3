/** How each part of the service is. One that is away shows here, and never makes the check itself fail or hang. */

import { type ConnectionBudget, connectionBudget } from "../store/connection-budget.ts";
import { type IndexFault, indexFaults } from "../store/index-faults.ts";
import type { ServiceContext } from "./context.ts";

export interface PartHealth {
  readonly status: "ok" | "degraded" | "down";
  readonly detail?: string;
  readonly [name: string]: unknown;
}

export interface Health {
  /** The database answers: without it nothing can be served. */
  readonly isReady: boolean;
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
  const parts = {
    database: { ...database, ...context.database.stats() },
    cache: cacheHealth(context),
    queue: { ...depth, ...queue.stats() },
    compute: { status: "ok" as const, ...context.compute.stats() },
    disk,
  };
  return { isReady: database.status !== "down", parts };
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

function diskHealth(freeBytes: number | undefined): PartHealth {
  if (freeBytes === undefined) return { status: "ok" };
  if (freeBytes >= freeBytesMin) return { status: "ok", free_bytes: freeBytes };
  return { status: "degraded", free_bytes: freeBytes, detail: "the disk of the data folder is nearly full" };
}

/** Requests are answered without Redis, only slower. */
function cacheHealth({ cache }: ServiceContext): PartHealth {
  const stats = cache.stats();
  if (stats.level2 === undefined || stats.level2.breaker === "closed") return { status: "ok", ...stats };
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
