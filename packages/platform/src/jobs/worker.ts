/** Claims jobs and runs them, up to a number at once. */

import type { PgBoss } from "pg-boss";
import type { Clock } from "../pools/resource-pool.ts";
import { type Attempt, createAttempt, processStops } from "./attempt.ts";
import { bossDatabase } from "./boss.ts";
import { bounded } from "./bounded.ts";
import type { Enqueue } from "./enqueue.ts";
import { jobPolicies, lightConcurrency } from "./job-policies.ts";
import { namesWithWork } from "./job-statements.ts";
import { type JobHandlers, type JobName, jobNames, type JobPayloads } from "./job-types.ts";
import { createLeases } from "./leases.ts";
import type { Pacer } from "./pacer.ts";
import { giveBack, runAttempt, type RunParts } from "./run-attempt.ts";
import { startUpkeep } from "./upkeep.ts";

export interface WorkerParts extends RunParts {
  readonly boss: PgBoss;
  readonly enqueue: Enqueue;
  readonly pacer: Pacer;
  readonly clock: Clock;
}

export interface WorkerOptions {
  readonly handlers: Partial<JobHandlers>;
  readonly concurrency: number;
}

export type Worker = ReturnType<typeof startWorker>;

/** The sweep gives back a job whose claim the database has not answered after this time. */
const lookMsMax = 10_000;
/** How long a handler may take to notice that its signal has fired. */
const abortGraceMs = 2000;

export function startWorker(parts: WorkerParts, { handlers, concurrency }: WorkerOptions) {
  const { boss, database, settling, counting, enqueue, pacer, clock } = parts;
  const names = jobNames.filter((name) => handlers[name] !== undefined);
  const leases = createLeases({ database, clock, onError: counting.databaseFailed });
  const runs = new Map<Attempt, Promise<void>>();
  let isStopping = false;
  let isAbandoned = false;
  const runOptions = { ...parts, handlers, isAbandoned: () => isAbandoned };

  async function look(): Promise<void> {
    while (!isStopping) {
      try {
        while ((await takeSome()) > 0);
      } catch (error) {
        counting.databaseFailed(error);
      }
      await pacer.wait();
    }
  }

  /** @returns how many it started. */
  async function takeSome(): Promise<number> {
    const open = names.filter(hasPlace);
    if (open.length === 0) return 0;
    let taken = 0;
    for (const name of await namesWithWork(bounded(database, lookMsMax), open)) {
      if (isStopping || !hasPlace(name)) continue;
      const attempt = await claim(name);
      if (attempt === undefined) continue;
      if (isStopping) {
        await giveBack(attempt, parts);
        return 0;
      }
      runs.set(attempt, run(attempt));
      taken++;
    }
    return taken;
  }

  function hasPlace(name: JobName): boolean {
    const { lane } = jobPolicies[name];
    let taken = 0;
    for (const attempt of runs.keys()) if (jobPolicies[attempt.name].lane === lane) taken++;
    return taken < (lane === "light" ? lightConcurrency : concurrency);
  }

  async function claim(name: JobName): Promise<Attempt | undefined> {
    const claimedAt = clock.now();
    const [job] = await boss.fetch<JobPayloads[JobName]>(name, { db: bossDatabase(bounded(database, lookMsMax)) });
    if (job === undefined) return undefined;
    const { id, retryCount, data: payload, heartbeatSeconds } = job;
    const leaseMs = (heartbeatSeconds ?? jobPolicies[name].expireSeconds) * 1000;
    return createAttempt({ id, name, retryCount, payload, leaseMs }, claimedAt);
  }

  async function run(attempt: Attempt): Promise<void> {
    leases.hold(attempt);
    await runAttempt(attempt, runOptions);
    leases.release(attempt);
    runs.delete(attempt);
    pacer.hurry();
  }

  const looking = look();
  const doesMaintenance = handlers.maintenance !== undefined;
  const endUpkeep = startUpkeep({ database, settling, counting, enqueue, onSwept: pacer.hurry }, doesMaintenance);

  async function close(timeoutMs: number): Promise<void> {
    isStopping = true;
    pacer.stop();
    endUpkeep();
    await within(timeoutMs, looking.then(allEnded));
    for (const attempt of runs.keys()) attempt.stop("closing", processStops(attempt));
    await within(abortGraceMs, allEnded());
    isAbandoned = true;
    // The outcome of attempts that still run no longer counts: another process may start their jobs at once.
    const left = [...runs.keys()].map((attempt) => giveBack(attempt, parts).catch(counting.databaseFailed));
    await within(abortGraceMs, Promise.all(left));
    leases.close();
  }

  async function allEnded(): Promise<void> {
    await Promise.all(runs.values());
  }

  return { close };
}

async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}
