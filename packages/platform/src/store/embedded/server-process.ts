/** Runs PostgreSQL's programs: makes a cluster, starts a server, waits until it takes connections. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
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
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError } from "@nomaly/detect";
import { removeRemains } from "./disk-reserve.ts";
import { runningServer, type RunningServer } from "./lock-file.ts";
import type { Place } from "./place.ts";
import { syncOne, syncTree } from "./sync-tree.ts";

/** The database's superuser. */
export const role = "nomaly";
export const startMsMax = 60_000;
const pollMs = 10;
const logCharsShown = 600;
/** A larger log is renamed at the next start. */
const logBytesMax = 16 * 1024 ** 2;

const settings: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  // Enough for three processes with the default pools.
  max_connections: "200",
  shared_buffers: "128MB",
  wal_compression: "on",
  checkpoint_completion_target: "0.9",
  random_page_cost: "1.1",
  log_destination: "stderr",
  log_min_duration_statement: "1000",
  // Slow statements are logged without the values that they were sent with.
  log_parameter_max_length: "0",
};

/** Statistics of statements: of those that clients send, in memory for this many, which is far more than the service has. */
const settingsOfStatistics: Readonly<Record<string, string>> = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.max": "1000",
  "pg_stat_statements.track": "top",
  "pg_stat_statements.track_utility": "off",
};

/** On a machine with little memory: fewer helper processes and smaller buffers. */
const settingsOfSmall: Readonly<Record<string, string>> = {
  shared_buffers: "32MB",
  maintenance_work_mem: "16MB",
  io_method: "sync",
  autovacuum_max_workers: "1",
  max_parallel_workers: "0",
  max_logical_replication_workers: "0",
};

/** Of initdb: how texts are stored and compared. */
export const textOptions = ["--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"];

/** Makes the cluster in another folder and renames that, so that no process finds a half-made one. */
export async function initialise(place: Place): Promise<void> {
  removeRemains(place.folder, `${basename(place.cluster)}.new-`);
  const folder = `${place.cluster}.new-${process.pid}-${randomBytes(4).toString("hex")}`;
  const passwordFile = `${folder}.password`;
  try {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(passwordFile, `${place.password}\n`, { mode: 0o600 });
    if (place.user !== undefined) for (const path of [folder, passwordFile]) chownSync(path, place.user.uid, place.user.gid);
    const options = ["--username", role, "--pwfile", passwordFile, "--auth", "scram-sha-256", ...textOptions];
    const output = await runToEnd(place, place.binaries.initdb, ["-D", folder, "--no-sync", ...options]);
    if (output !== undefined)
      throw new NomalyError("DATABASE", `PostgreSQL's data folder cannot be made: ${output}`, { field: "data_dir" });
    // initdb would sync one file after the other, which takes longer than all the rest.
    await syncTree(folder);
    renameSync(folder, place.cluster);
    await syncOne(place.folder);
  } catch (error) {
    // Otherwise another process was first, and its cluster is as good.
    if (!existsSync(place.cluster)) throw error;
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resolves to the program's output when it failed. */
function runToEnd(place: Place, program: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { ...identity(place), cwd: "/", env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.on("error", (cause) => reject(cannotRun(place, program, cause)));
    child.on("close", (code) => resolve(code === 0 ? undefined : output.slice(-logCharsShown).trim()));
  });
}

/** Resolves to the server once it takes connections, or to its log when it does not. */
export async function startServer(place: Place, port: number): Promise<RunningServer | string> {
  const log = join(place.folder, "postgres.log");
  if (existsSync(log) && statSync(log).size > logBytesMax) renameSync(log, `${log}.old`);
  const logStart = existsSync(log) ? statSync(log).size : 0;
  const output = openSync(log, "a", 0o600);
  const chosen = {
    ...settings,
    ...(hasStatistics(place.binaries.postgres) ? settingsOfStatistics : {}),
    ...(place.isSmall === true ? settingsOfSmall : {}),
    port: String(port),
  };
  const words = Object.entries(chosen).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(place.binaries.postgres, ["-D", place.cluster, ...words], {
    ...identity(place),
    cwd: "/",
    env: environment(),
    // PostgreSQL outlives a killed process of ours, and the next process joins it.
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

/** A server does not start when a library is missing that it is told to load. */
function hasStatistics(program: string): boolean {
  const folder = join(dirname(dirname(program)), "lib");
  const places = [folder, join(folder, "postgresql")];
  return places.some((place) => ["so", "dylib", "dll"].some((end) => existsSync(join(place, `pg_stat_statements.${end}`))));
}

/** Resolves to `undefined` once the server takes connections, or to what went wrong. */
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

function identity(place: Place): { uid?: number; gid?: number } {
  return place.user === undefined ? {} : { uid: place.user.uid, gid: place.user.gid };
}

/** Without the PG* variables, which PostgreSQL reads and which may be meant for another server. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG") && !name.startsWith("LC_")));
}

function cannotRun(place: Place, program: string, cause: Error): NomalyError {
  const who = place.user === undefined ? "" : ` as user ${place.user.name}`;
  return new NomalyError("DATABASE", `${program} cannot be run${who}: ${cause.message}`, { field: "database_url", cause });
}
