/**
 * A real PostgreSQL of a test's own: the embedded one, or another whose programs lie in the folder NOMALY_TEST_POSTGRES, or a running
 * server with NOMALY_TEST_DATABASE_URL; the same tests run on each.
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
import { databaseUser } from "../../src/store/embedded/system-user.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "./free-port.ts";

export interface TestDatabase {
  /** Of its first database, as a user who may do everything. */
  readonly url: string;
  /** A fresh, empty database on it: its address. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** A server that the test runs itself, so that it can be killed, paused, started again and copied. */
export interface TestServer extends TestDatabase {
  readonly port: number;
  readonly pid: number;
  /** SIGKILL to the server's first process; the others follow it. */
  kill(): Promise<void>;
  /** Ends it and all of its sessions at once, in order: nothing is left of it when this resolves. */
  halt(): Promise<void>;
  /** Again, on the same port and folder. */
  start(): Promise<void>;
  /** SIGSTOP to all of its processes: connections stay open and are not answered. */
  pause(): void;
  resume(): void;
  /** A streaming replica of it; stop it first. */
  startReplica(): Promise<TestServer>;
}

const role = "nomaly";
const readyMsMax = 30_000;
const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "shared_buffers=32MB"];

/** What a test that only needs a database asks for. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const url = process.env["NOMALY_TEST_DATABASE_URL"];
  if (url === undefined || url === "") return startTestServer();
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
  // What is written here is lost with the test: initdb need not wait for the disk. The server itself does.
  const options = { ...identity(), cwd: "/", env: cleanEnvironment(), stdio: "pipe" } as const;
  execFileSync(binaries.initdb, [...words, "--encoding", "UTF8", "--locale", "C", "--no-sync"], options);
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

  async function start(): Promise<void> {
    const words = [...settings, `port=${port}`, ...extra].flatMap((setting) => ["-c", setting]);
    server = spawn(binaries.postgres, ["-D", cluster, ...words], {
      ...identity(),
      cwd: "/",
      env: cleanEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    server.stderr?.on("data", (bytes: Buffer) => (log = (log + bytes.toString()).slice(-2000)));
    await eventually(`PostgreSQL answers: ${log}`, () => answers(url), readyMsMax).catch((cause: unknown) => {
      throw new Error(`PostgreSQL does not start: ${log}`, { cause });
    });
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
        // A session that ended between the look and the signal needs none.
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
    // "Immediate".
    halt: () => end("SIGQUIT"),
    start,
    pause: () => toAll("SIGSTOP"),
    resume: () => toAll("SIGCONT"),
    startReplica: () => startReplica(place, url),
    async stop() {
      process.off("exit", onExit);
      // "Immediate": nothing of it is needed again.
      await end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Copies the running cluster between the start and the end of a backup, on one connection, and lets the copy follow. */
async function startReplica(primary: ServerPlace, url: string): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-replica-"));
  chmodSync(folder, 0o711);
  const cluster = join(folder, "cluster");
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("select pg_backup_start('replica', true)");
    // Files come and go while it copies, and cp says so: what is missing is in the log that the copy replays.
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

/** A plain connection beside those that are tested. */
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
    // Not yet.
    return false;
  }
}

/** Root's user for PostgreSQL may not pass a closed checkout: as in the product, the programs are then copied beside the data. */
function binariesFor(folder: string): PostgresBinaries {
  const installed = process.env["NOMALY_TEST_POSTGRES"];
  if (installed === undefined || installed === "")
    return databaseUser() === undefined ? findBinaries() : reachableBinaries(folder);
  const binaries = { initdb: join(installed, "initdb"), postgres: join(installed, "postgres") };
  for (const path of Object.values(binaries)) if (!existsSync(path)) throw new Error(`NOMALY_TEST_POSTGRES: no ${path}`);
  return binaries;
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
