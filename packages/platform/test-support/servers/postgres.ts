/**
 * Starts a real PostgreSQL for a test: the embedded one, one whose programs are in the folder NOMALY_TEST_POSTGRES, or uses the running
 * server of NOMALY_TEST_DATABASE_URL. The same tests run on each.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { findBinaries, type PostgresBinaries } from "../../src/store/embedded/binaries.ts";
import { reachableBinaries } from "../../src/store/embedded/place.ts";
import { textOptions } from "../../src/store/embedded/server-process.ts";
import { databaseUser } from "../../src/store/embedded/system-user.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "./free-port.ts";

export interface TestDatabase {
  /** Address of its first database, as a superuser. */
  readonly url: string;
  /** Makes a new, empty database. @returns its address. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** A server that the test itself runs, so that it can kill, pause, restart and copy it. */
export interface TestServer extends TestDatabase {
  readonly port: number;
  readonly pid: number;
  /** Kills the server's first process by SIGKILL, on which the others end. */
  kill(): Promise<void>;
  /** Ends the server and all of its sessions; resolves when all processes have ended. */
  halt(): Promise<void>;
  /** Starts the server again on the same port and folder. */
  start(): Promise<void>;
  /** Stops all of its processes by SIGSTOP: connections stay open and get no answer. */
  pause(): void;
  resume(): void;
  /** Starts a streaming replica, which must be stopped before the server. */
  startReplica(): Promise<TestServer>;
}

const role = "nomaly";
const readyMsMax = 30_000;
/** Without fsync nothing is lost when a process is killed, only when the machine is. */
const settings = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=200",
  "shared_buffers=32MB",
  "fsync=off",
];

/** Gives a server to a test that only needs a database. */
export async function startTestDatabase(): Promise<TestDatabase> {
  return runningServer() ?? startTestServer();
}

/** The server of NOMALY_TEST_DATABASE_URL; `stop` removes the databases made in it. */
export function runningServer(): TestDatabase | undefined {
  const url = process.env["NOMALY_TEST_DATABASE_URL"];
  if (url === undefined || url === "") return undefined;
  const made: string[] = [];
  return {
    url,
    async createDatabase() {
      const created = await createDatabase(url);
      made.push(new URL(created).pathname.slice(1));
      return created;
    },
    async stop() {
      for (const name of made) await withClient(url, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** @param extra Further settings, as in `name=value`. */
export async function startTestServer(extra: readonly string[] = []): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-postgres-"));
  chmodSync(folder, 0o711);
  const binaries = binariesFor(folder);
  const password = randomBytes(12).toString("hex");
  const cluster = join(folder, "cluster");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const owner = databaseUser();
  mkdirSync(cluster, { mode: 0o700 });
  if (owner !== undefined) chownSync(cluster, owner.uid, owner.gid);
  const words = ["-D", cluster, "--username", role, "--pwfile", passwordFile, "--auth", "scram-sha-256"];
  // The data is lost with the test, so initdb need not wait for the disk, as the server itself does.
  const options = { ...identity(), cwd: "/", env: cleanEnvironment(), stdio: "pipe" } as const;
  execFileSync(binaries.initdb, [...words, ...texts(), "--no-sync"], options);
  return startServer({ binaries, folder, cluster, password, extra });
}

interface ServerPlace {
  readonly binaries: PostgresBinaries;
  readonly folder: string;
  readonly cluster: string;
  readonly password: string;
  /** Further settings, as in `name=value`. */
  readonly extra: readonly string[];
}

async function startServer(place: ServerPlace): Promise<TestServer> {
  const { binaries, folder, cluster, password, extra } = place;
  const port = await freePort();
  const url = `postgres://${role}:${password}@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | undefined;

  /** After a kill, sessions of the server before may live a moment longer and hold its memory: then it is started again. */
  async function start(): Promise<void> {
    const until = Date.now() + readyMsMax;
    while (!(await startOnce())) {
      if (Date.now() > until) throw new Error("PostgreSQL does not start: the memory of the server before stays in use");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** @returns false if the memory of the server before was still in use. */
  async function startOnce(): Promise<boolean> {
    const words = [...settings, `port=${port}`, ...extra].flatMap((setting) => ["-c", setting]);
    const started = spawn(binaries.postgres, ["-D", cluster, ...words], {
      ...identity(),
      cwd: "/",
      env: cleanEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    server = started;
    let log = "";
    started.stderr?.on("data", (bytes: Buffer) => (log = (log + bytes.toString()).slice(-2000)));
    const isRefused = () => started.exitCode !== null && log.includes("pre-existing shared memory block");
    const isSettled = async () => isRefused() || (await answers(url));
    await eventually(`PostgreSQL answers: ${log}`, isSettled, readyMsMax).catch((cause: unknown) => {
      throw new Error(`PostgreSQL does not start: ${log}`, { cause });
    });
    return !isRefused();
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, "exit");
    server.kill(signal);
    await exited;
  }

  const toAll = (signal: NodeJS.Signals) => {
    for (const pid of [server?.pid ?? 0, ...childrenOf(server?.pid ?? 0)]) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        // The session has ended since it was listed.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  };
  const onExit = () => void server?.kill("SIGQUIT");
  process.once("exit", onExit);
  await start();
  return {
    url,
    port,
    get pid() {
      return server?.pid ?? 0;
    },
    createDatabase: () => createDatabase(url),
    kill: () => end("SIGKILL"),
    // SIGQUIT: immediate shutdown.
    halt: () => end("SIGQUIT"),
    start,
    pause: () => toAll("SIGSTOP"),
    resume: () => toAll("SIGCONT"),
    startReplica: () => startReplica(place, url),
    async stop() {
      process.off("exit", onExit);
      // SIGQUIT: immediate shutdown, since nothing of the server is needed again.
      await end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Copies the running cluster during a backup and starts the copy as a replica. */
async function startReplica(primary: ServerPlace, url: string): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-replica-"));
  chmodSync(folder, 0o711);
  const cluster = join(folder, "cluster");
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("select pg_backup_start('replica', true)");
    // cp reports files that are removed while it copies; the log that the replica replays has their changes.
    await once(spawn("cp", ["-a", primary.cluster, cluster], { stdio: "ignore" }), "exit");
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    rmSync(join(cluster, "postmaster.pid"), { force: true });
    writeAsOwner(join(cluster, "backup_label"), rows[0].labelfile);
    writeAsOwner(join(cluster, "standby.signal"), "");
  } finally {
    await client.end();
  }
  const { hostname, port } = new URL(url);
  const conninfo = `host=${hostname} port=${port} user=${role} password=${primary.password} sslmode=disable gssencmode=disable`;
  return startServer({
    ...primary,
    folder,
    cluster,
    extra: [...primary.extra, `primary_conninfo=${conninfo}`, "wal_retrieve_retry_interval=200ms"],
  });
}

function writeAsOwner(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  const owner = databaseUser();
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
}

let databaseCount = 0;

async function createDatabase(url: string): Promise<string> {
  const name = `nomaly_test_${process.pid}_${randomBytes(4).toString("hex")}_${++databaseCount}`;
  await withClient(url, (client) => client.query(`create database ${name}`));
  const created = new URL(url);
  created.pathname = `/${name}`;
  return created.href;
}

/** Opens a plain connection, apart from the code under test. */
export async function withClient<Value>(url: string, work: (client: Client) => Promise<Value>): Promise<Value> {
  const client = new Client({ connectionString: url, application_name: "test", connectionTimeoutMillis: 5000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query("select 1"));
    return true;
  } catch {
    // The server does not answer yet.
    return false;
  }
}

/** Root runs PostgreSQL as another user, who may not read the checkout: as in the product, the programs are then copied beside the data. */
function binariesFor(folder: string): PostgresBinaries {
  const installed = process.env["NOMALY_TEST_POSTGRES"];
  if (installed === undefined || installed === "")
    return databaseUser() === undefined ? findBinaries() : reachableBinaries(folder);
  const binaries = { initdb: join(installed, "initdb"), postgres: join(installed, "postgres") };
  for (const path of Object.values(binaries)) if (!existsSync(path)) throw new Error(`NOMALY_TEST_POSTGRES: no ${path}`);
  return binaries;
}

/** As the embedded database; older releases than its own have no such locale. */
function texts(): readonly string[] {
  return (process.env["NOMALY_TEST_POSTGRES"] ?? "") === "" ? textOptions : ["--encoding", "UTF8", "--locale", "C"];
}

function identity(): { uid?: number; gid?: number } {
  const user = databaseUser();
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG") && !name.startsWith("LC_")));
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
