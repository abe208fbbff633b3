/**
 * Runs a real PostgreSQL in the data folder: made at the first start, joined when it runs, started again when it died, stopped by
 * whoever leaves last.
 */

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { isAlive } from "../../ids/is-alive.ts";
import { type DiskReserve, openDiskReserve } from "./disk-reserve.ts";
import { removeStaleLock, runningServer, type RunningServer } from "./lock-file.ts";
import { type Place, preparePlace } from "./place.ts";
import { choosePort } from "./port.ts";
import { joinServer, type Presence } from "./presence.ts";
import { initialise, role, startMsMax, startServer } from "./server-process.ts";

export interface EmbeddedDatabase {
  readonly url: string;
  /** Of PostgreSQL's first process, as it runs now. */
  readonly pid: number;
  /** False when another process had started it. */
  readonly startedHere: boolean;
  /** How often it was started again because it had died. */
  readonly restarts: number;
  /** Of its disk. */
  readonly reserve: DiskReserve;
  /** Stops it unless another of our processes works with it; close all own connections before. */
  stop(): Promise<void>;
}

const stopMsMax = 20_000;
const pollMs = 10;
/** Another process may start or stop it while we try, and the remains of a killed server take a moment to end. */
const attemptsMax = 20;
const attemptPauseMs = 200;
const watchMs = 500;

interface Member {
  readonly server: RunningServer;
  readonly presence: Presence;
  readonly startedHere: boolean;
}

/** With less memory for everything the database makes do with little. */
const smallMemoryBytes = 4 * 1024 ** 3;

/**
 * @param memoryBytes that there are for everything.
 * @throws NomalyError CONFIG when the folder cannot be used, DATABASE saying what PostgreSQL said, ABORTED.
 */
export async function startEmbedded(
  dataFolder: string,
  signal?: AbortSignal,
  memoryBytes = Number.POSITIVE_INFINITY,
): Promise<EmbeddedDatabase> {
  const place: Place = { ...preparePlace(dataFolder), isSmall: memoryBytes < smallMemoryBytes };
  const reserve = openDiskReserve(place.folder);
  // PostgreSQL writes before it answers, after a crash more than a little.
  if (reserve.isShort()) reserve.giveUp();
  const first = await enter(place, undefined, signal).catch(async (error: unknown) => {
    await reserve.close();
    throw error;
  });
  let member = first;
  let restarts = 0;
  let working: Promise<void> | undefined;
  const ending = new AbortController();

  /** Once it is dead it is started again under its address; once only our presence is lost we go back. */
  async function look(): Promise<void> {
    if (runningServer(place.cluster) !== undefined && !member.presence.isLost()) return;
    await member.presence.drop();
    if (reserve.isShort()) reserve.giveUp();
    member = await enter(place, first.server.port, ending.signal);
    if (member.startedHere) restarts++;
  }

  const timer = setInterval(() => {
    // A failure shows where the database is used; the next look tries again.
    working ??= look()
      .catch(() => undefined)
      .finally(() => (working = undefined));
  }, watchMs);
  timer.unref();

  return {
    url: urlOf(place, first.server.port),
    startedHere: first.startedHere,
    reserve,
    get pid() {
      return member.server.pid;
    },
    get restarts() {
      return restarts;
    },
    async stop() {
      clearInterval(timer);
      ending.abort();
      await reserve.close();
      await working;
      await leave(place, member);
    },
  };
}

/** Joins the server that runs, or starts one; on this port where one is given. */
async function enter(place: Place, port?: number, signal?: AbortSignal): Promise<Member> {
  let failure = "";
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    throwIfAborted(signal);
    const joined = await joinRunning(place, signal);
    if (joined !== undefined) return { ...joined, startedHere: false };
    if (!existsSync(place.cluster)) await initialise(place);
    removeStaleLock(place.cluster);
    const outcome = await startServer(place, port ?? (await choosePort(place.folder)));
    if (typeof outcome === "string") {
      failure = outcome;
      await sleep(attemptPauseMs);
    } else {
      const presence = await joinServer(urlOf(place, outcome.port));
      if (presence !== undefined) return { server: outcome, presence, startedHere: true };
      failure = "it was stopped again by another process";
    }
  }
  throw new NomalyError("DATABASE", `PostgreSQL did not start in ${place.cluster}: ${failure}`, { field: "data_dir" });
}

/** The server that another process runs here, once it is ready. */
async function joinRunning(place: Place, signal: AbortSignal | undefined): Promise<Omit<Member, "startedHere"> | undefined> {
  const deadline = performance.now() + startMsMax;
  while (performance.now() < deadline) {
    throwIfAborted(signal);
    const server = runningServer(place.cluster);
    if (server === undefined) return undefined;
    const presence = server.isReady ? await joinServer(urlOf(place, server.port)) : undefined;
    if (presence !== undefined) return { server, presence };
    removeStaleLock(place.cluster);
    await sleep(pollMs);
  }
  throw new NomalyError("DATABASE", `a PostgreSQL process holds ${place.cluster} but does not answer`, { field: "data_dir" });
}

async function leave(place: Place, { server, presence }: Member): Promise<void> {
  const pid = runningServer(place.cluster)?.pid;
  try {
    if (pid === undefined) return;
    const last = presence.isLost() ? await joinServer(urlOf(place, server.port)) : presence;
    // One that does not answer is of no use to anybody.
    const isAlone = last === undefined || (await last.leave().catch(() => true));
    if (isAlone) await stopServer(place, pid);
    await last?.drop();
  } finally {
    await presence.drop();
  }
}

async function stopServer(place: Place, pid: number): Promise<void> {
  try {
    // PostgreSQL's "fast" shutdown: ends sessions, writes a checkpoint.
    process.kill(pid, "SIGINT");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  const deadline = performance.now() + stopMsMax;
  while (isAlive(pid) && runningServer(place.cluster)?.pid === pid && performance.now() < deadline) await sleep(pollMs);
}

function urlOf(place: Place, port: number): string {
  return `postgres://${role}:${place.password}@127.0.0.1:${port}/postgres`;
}
