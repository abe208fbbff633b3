/** How each part of the service is. One that is away shows here, and never makes the check itself fail or hang. */

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

export async function checkHealth(context: ServiceContext): Promise<Health> {
  const [database, disk, queue] = await Promise.all([
    within(async () => {
      await context.database.query("select 1");
      return { status: "ok" as const };
    }),
    within(async () => diskHealth((await context.blobs.check()).freeBytes)),
    within(async () => ({ status: "ok" as const, depth: await context.queue.depth() })),
  ]);
  const parts = {
    database: { ...database, pool: context.database.stats() },
    cache: cacheHealth(context),
    queue: { ...queue, ...context.queue.stats() },
    compute: { status: "ok" as const, ...context.compute.stats() },
    disk,
  };
  return { isReady: database.status === "ok", parts };
}

function diskHealth(freeBytes: number | undefined): PartHealth {
  if (freeBytes === undefined) return { status: "ok" };
  if (freeBytes >= freeBytesMin) return { status: "ok", free_bytes: freeBytes };
  return { status: "degraded", free_bytes: freeBytes, detail: "the disk of the data folder is nearly full" };
}

function cacheHealth({ cache }: ServiceContext): PartHealth {
  return { status: "ok", ...cache.stats() };
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
