/** Runs a real PostgreSQL in the data folder: made at the first start, joined when it runs, stopped by whoever leaves last. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { Client } from "pg";
import { findBinaries, type PostgresBinaries } from "./binaries.ts";
import { isAlive, removeStaleLock, runningServer, type RunningServer } from "./lock-file.ts";
import { databaseUser, type SystemUser } from "./system-user.ts";

export interface EmbeddedDatabase {
  readonly url: string;
  readonly pid: number;
  /** False when another process had started it. */
  readonly startedHere: boolean;
  /** Stops it unless another of our processes is connected; close all own connections before. */
  stop(): Promise<void>;
}

const role = "nomaly";
const startMsMax = 60_000;
const stopMsMax = 20_000;
const pollMs = 10;
/** Another process may start or stop it while we try. */
const attemptsMax = 5;
const logCharsShown = 600;

const settings: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  // Three processes of 20 + 30 connections each, and some to spare.
  max_connections: "200",
  shared_buffers: "128MB",
  wal_compression: "on",
  checkpoint_completion_target: "0.9",
  random_page_cost: "1.1",
  log_destination: "stderr",
};

interface Place {
  readonly folder: string;
  readonly cluster: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  readonly user: SystemUser | undefined;
}

/** @throws NomalyError DATABASE saying what PostgreSQL said, ABORTED. */
export async function startEmbedded(dataFolder: string, signal?: AbortSignal): Promise<EmbeddedDatabase> {
  const place = preparePlace(dataFolder);
  let failure = "";
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    throwIfAborted(signal);
    const joined = await joinRunning(place);
    if (joined !== undefined) return embeddedDatabase(place, joined, false);
    if (!existsSync(place.cluster)) await initialise(place);
    removeStaleLock(place.cluster);
    const outcome = await startServer(place);
    if (typeof outcome !== "string") return embeddedDatabase(place, outcome, true);
    failure = outcome;
  }
  throw new NomalyError("DATABASE", `PostgreSQL did not start in ${place.cluster}: ${failure}`, { field: "data_dir" });
}

function preparePlace(dataFolder: string): Place {
  const user = databaseUser();
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o711 });
    // The database's user passes through on its way to its own folder; it cannot list or read anything here.
    if (user !== undefined) chmodSync(dataFolder, statSync(dataFolder).mode | 0o011);
  } catch (cause) {
    throw new NomalyError("CONFIG", `the data folder ${dataFolder} cannot be used: ${(cause as Error).message}`, {
      field: "data_dir",
      cause,
    });
  }
  return {
    folder: dataFolder,
    cluster: join(dataFolder, "postgres"),
    password: readPassword(dataFolder),
    binaries: findBinaries(),
    user,
  };
}

/** Made once; the first of several processes wins. */
function readPassword(dataFolder: string): string {
  const path = join(dataFolder, "database-password");
  try {
    writeFileSync(path, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new NomalyError("CONFIG", `the data folder ${dataFolder} cannot be written: ${(error as Error).message}`, {
        field: "data_dir",
        cause: error,
      });
    }
  }
  return readFileSync(path, "utf8");
}

/** The server that another process runs here, once it is ready. */
async function joinRunning(place: Place): Promise<RunningServer | undefined> {
  const deadline = performance.now() + startMsMax;
  while (performance.now() < deadline) {
    const running = runningServer(place.cluster);
    if (running === undefined) return undefined;
    if (running.isReady && (await answers(place, running.port))) return running;
    removeStaleLock(place.cluster);
    await sleep(pollMs);
  }
  throw new NomalyError("DATABASE", `a PostgreSQL process holds ${place.cluster} but does not answer`, { field: "data_dir" });
}

async function answers(place: Place, port: number): Promise<boolean> {
  const client = new Client({ connectionString: urlOf(place, port), connectionTimeoutMillis: 2000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    // Starting, stopping, or another program on that port: the caller looks again.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes the cluster beside its place and renames it: a half-made one is never found there. */
async function initialise(place: Place): Promise<void> {
  const folder = `${place.cluster}.new-${process.pid}-${randomBytes(4).toString("hex")}`;
  const passwordFile = `${folder}.password`;
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(passwordFile, `${place.password}\n`, { mode: 0o600 });
  if (place.user !== undefined) for (const path of [folder, passwordFile]) chownSync(path, place.user.uid, place.user.gid);
  const options = ["--username", role, "--pwfile", passwordFile, "--auth", "scram-sha-256", "--encoding", "UTF8"];
  const locale = ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"];
  try {
    const output = await runToEnd(place, place.binaries.initdb, ["-D", folder, ...options, ...locale]);
    if (output !== undefined)
      throw new NomalyError("DATABASE", `PostgreSQL's data folder cannot be made: ${output}`, { field: "data_dir" });
    renameSync(folder, place.cluster);
  } catch (error) {
    // Another process was first: its cluster is as good.
    if (!existsSync(place.cluster)) throw error;
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves to what the program said when it failed. */
function runToEnd(place: Place, program: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { ...identity(place), cwd: "/", env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.on("error", (cause) => reject(cannotRun(place, program, cause)));
    child.on("close", (code) => resolve(code === 0 ? undefined : output.slice(-logCharsShown).trim()));
  });
}

async function startServer(place: Place): Promise<RunningServer | string> {
  const log = join(place.folder, "postgres.log");
  const logStart = existsSync(log) ? statSync(log).size : 0;
  const output = openSync(log, "a", 0o600);
  const port = await freePort();
  const words = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(place.binaries.postgres, ["-D", place.cluster, ...words], {
    ...identity(place),
    cwd: "/",
    env: environment(),
    // It outlives a server that is killed, and the next one joins it.
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.unref();
  const failure = await readiness(place, child);
  if (failure === undefined) return { pid: child.pid ?? 0, port, isReady: true };
  const said = readFileSync(log, "utf8")
    .slice(logStart, logStart + 100_000)
    .trim();
  return `${failure}: ${said.slice(-logCharsShown)}`;
}

/** `undefined` once the server takes connections. */
async function readiness(place: Place, child: ChildProcess): Promise<string | undefined> {
  let failure: string | undefined;
  child.once("error", (cause) => (failure = cannotRun(place, place.binaries.postgres, cause).message));
  child.once("exit", (code, signal) => (failure = `it ended with ${signal ?? `code ${code}`}`));
  const deadline = performance.now() + startMsMax;
  while (failure === undefined && performance.now() < deadline) {
    const running = runningServer(place.cluster);
    if (running?.isReady === true && running.pid === child.pid) return undefined;
    await sleep(pollMs);
  }
  return failure ?? `it was not ready within ${startMsMax} ms`;
}

function embeddedDatabase(place: Place, server: RunningServer, startedHere: boolean): EmbeddedDatabase {
  return { url: urlOf(place, server.port), pid: server.pid, startedHere, stop: () => stopUnlessShared(place, server) };
}

async function stopUnlessShared(place: Place, { pid, port }: RunningServer): Promise<void> {
  if (!isAlive(pid) || (await isShared(urlOf(place, port)))) return;
  // SIGINT is PostgreSQL's "fast" shutdown: ends sessions, writes a checkpoint.
  process.kill(pid, "SIGINT");
  const deadline = performance.now() + stopMsMax;
  while (runningServer(place.cluster)?.pid === pid && performance.now() < deadline) await sleep(pollMs);
}

async function isShared(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, application_name: "nomaly stopping", connectionTimeoutMillis: 2000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const text = `select count(*)::int as count from pg_stat_activity
      where application_name like 'nomaly%' and backend_type = 'client backend' and pid <> pg_backend_pid()`;
    const { rows } = await client.query<{ count: number }>(text);
    return (rows[0]?.count ?? 0) > 0;
  } catch {
    // It does not take connections: then nobody else works with it either.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf(place: Place, port: number): string {
  return `postgres://${role}:${place.password}@127.0.0.1:${port}/postgres`;
}

function identity(place: Place): { uid?: number; gid?: number } {
  return place.user === undefined ? {} : { uid: place.user.uid, gid: place.user.gid };
}

/** PostgreSQL reads PG* variables, which may be meant for another server. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG") && !name.startsWith("LC_")));
}

function cannotRun(place: Place, program: string, cause: Error): NomalyError {
  const who = place.user === undefined ? "" : ` as user ${place.user.name}`;
  return new NomalyError("DATABASE", `${program} cannot be run${who}: ${cause.message}`, { field: "database_url", cause });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
