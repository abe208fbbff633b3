/**
 * Runs PostgreSQL in the data folder: makes it at the first start, joins it when it runs, starts it again when it died. The last
 * process that leaves stops it.
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
  /** The id of PostgreSQL's main process now. */
  readonly pid: number;
  /** False when another process had started it. */
  readonly startedHere: boolean;
  /** How often this process started it again because it had died. */
  readonly restarts: number;
  readonly reserve: DiskReserve;
  /** Stops it unless another of our processes uses it. Close all connections of this process before. */
  stop(): Promise<void>;
}

const stopMsMax = 20_000;
const pollMs = 10;
/** Another process may start or stop it meanwhile, and the helper processes of a killed server take a moment to end. */
const attemptsMax = 20;
const attemptPauseMs = 200;
const watchMs = 500;

interface Member {
  readonly server: RunningServer;
  readonly presence: Presence;
  readonly startedHere: boolean;
}

/** With less memory than this, PostgreSQL gets settings for small machines. */
const smallMemoryBytes = 4 * 1024 ** 3;

/** @throws NomalyError CONFIG when the folder cannot be used, DATABASE with PostgreSQL's output, ABORTED. */
export async function startEmbedded(
  dataFolder: string,
  signal?: AbortSignal,
  memoryBytes = Number.POSITIVE_INFINITY,
): Promise<EmbeddedDatabase> {
  const place: Place = { ...preparePlace(dataFolder), isSmall: memoryBytes < smallMemoryBytes };
  const reserve = openDiskReserve(place.folder);
  // PostgreSQL writes before it answers, and after a crash it writes much.
  if (reserve.isShort()) reserve.giveUp();
  const first = await enter(place, undefined, signal).catch(async (error: unknown) => {
    await reserve.close();
    throw error;
  });
  let member = first;
  let restarts = 0;
  let working: Promise<void> | undefined;
  const ending = new AbortController();

  /** Starts a dead server again at its address; only joins again when just this process's presence is lost. */
  async function look(): Promise<void> {
    if (runningServer(place.cluster) !== undefined && !member.presence.isLost()) return;
    await member.presence.drop();
    if (reserve.isShort()) reserve.giveUp();
    member = await enter(place, first.server.port, ending.signal);
    if (member.startedHere) restarts++;
  }

  const timer = setInterval(() => {
    // The users of the database report a failure; the next look tries again.
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

/** Joins the running server, or starts one, on `port` if that is given. */
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
    // A server that does not answer serves no other process either.
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
