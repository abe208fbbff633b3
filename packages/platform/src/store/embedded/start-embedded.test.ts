import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type EmbeddedUser, readableCopy, startEmbeddedProcess } from "../../../test-support/servers/embedded-process.ts";
import { eventually } from "../../../test-support/eventually.ts";
import { withClient } from "../../../test-support/servers/postgres.ts";
import { isAlive } from "../../ids/is-alive.ts";
import { runningServer } from "./lock-file.ts";
import { startEmbedded } from "./start-embedded.ts";

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "nomaly-embedded-")));
  chmodSync(folder, 0o711);
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child, "SIGKILL");
  const pid = runningServer(cluster())?.pid;
  if (pid !== undefined) {
    process.kill(pid, "SIGQUIT");
    await eventually("PostgreSQL ends", () => runningServer(cluster()) === undefined, 30_000);
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Made once and copied: most of what is claimed here is not about the first start. */
let made: string | undefined;
async function withCluster(): Promise<void> {
  if (made === undefined) {
    const template = join(tmpdir(), `nomaly-embedded-made-${process.pid}`);
    await (await startEmbedded(template)).stop();
    made = template;
  }
  execFileSync("cp", ["-a", made, join(folder, "data")]);
  // Each has its own port: another one may be in use.
  rmSync(join(folder, "data", "database-port"));
}
afterAll(() => {
  if (made !== undefined) rmSync(made, { recursive: true, force: true });
});

const start = () => startEmbedded(join(folder, "data"));
const ask = (url: string, text: string) => withClient(url, async (client) => (await client.query(text)).rows);
const cluster = () => join(folder, "data", "postgres");

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/** Another process that starts or joins the database, says its address and stays until it is told to stop or killed. */
async function startElsewhere(
  user?: EmbeddedUser,
): Promise<{ readonly child: ChildProcess; readonly url: string; readonly said: string }> {
  const { child, said } = await startEmbeddedProcess(join(folder, "data"), user);
  children.push(child);
  return { child, url: said, said };
}

async function stopElsewhere(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.stdin?.write("stop\n");
  await exited;
}

describe("the embedded database", () => {
  it("is made at the first start, keeps what it has, and comes back under the same address", async () => {
    const first = await start();
    expect(first.startedHere).toBe(true);
    await ask(first.url, "create table kept (value integer); insert into kept values (7)");
    await first.stop();
    expect(runningServer(cluster())).toBeUndefined();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await ask(second.url, "select value from kept")).toEqual([{ value: 7 }]);
    const settings = "select current_setting('fsync') as fsync, current_setting('listen_addresses') as address";
    expect(await ask(second.url, settings)).toEqual([{ fsync: "on", address: "127.0.0.1" }]);
    await second.stop();
  });

  it("asks for the password", async () => {
    await withCluster();
    const database = await start();
    const without = Object.assign(new URL(database.url), { password: "guess" }).href;
    await expect(ask(without, "select 1")).rejects.toMatchObject({ code: "28P01" });
    await database.stop();
  });

  it("is joined by a second process and stopped by the last one only", async () => {
    await withCluster();
    const here = await start();
    const { child, url } = await startElsewhere();
    expect(url).toBe(here.url);
    await here.stop();
    expect(await ask(url, "select 1 as one")).toEqual([{ one: 1 }]);
    await stopElsewhere(child);
    expect(runningServer(cluster())).toBeUndefined();
  });

  it("is stopped by one of two that leave at the same moment", async () => {
    await withCluster();
    const both = [await start(), await start()];
    expect(both.map(({ startedHere }) => startedHere)).toEqual([true, false]);
    await Promise.all(both.map((database) => database.stop()));
    expect(runningServer(cluster())).toBeUndefined();
  });

  it("is made once by processes that start for the first time together", async () => {
    const [here, there, third] = await Promise.all([start(), startElsewhere(), startElsewhere()]);
    expect(there.url).toBe(here.url);
    expect(third.url).toBe(here.url);
    expect(readdirSync(join(folder, "data")).filter((name) => name.includes(".new-"))).toEqual([]);
    await stopElsewhere(there.child);
    await stopElsewhere(third.child);
    expect(isAlive(here.pid)).toBe(true);
    await here.stop();
  });

  it("outlives a killed process and is joined by the next", async () => {
    await withCluster();
    const { child, url } = await startElsewhere();
    await ask(url, "create table kept (value integer)");
    await end(child, "SIGKILL");
    const next = await start();
    expect(next.url).toBe(url);
    expect(next.startedHere).toBe(false);
    expect(await ask(next.url, "select count(*)::integer as count from kept")).toEqual([{ count: 0 }]);
    await next.stop();
    expect(runningServer(cluster())).toBeUndefined();
  });

  it("is started again under its address, with all that was committed, when it is killed while in use", async () => {
    await withCluster();
    const database = await start();
    const joined = await start();
    await ask(database.url, "create table kept (value integer); insert into kept values (1)");
    const killed = database.pid;
    process.kill(killed, "SIGKILL");
    const isBack = async () => {
      try {
        return (await ask(database.url, "select value from kept")).length === 1;
      } catch {
        return false;
      }
    };
    await eventually("it answers again", async () => database.pid !== killed && (await isBack()), 30_000);
    await eventually("both are there again", () => joined.pid === database.pid, 30_000);
    expect(database.restarts + joined.restarts).toBe(1);
    await database.stop();
    expect(await isBack()).toBe(true);
    await joined.stop();
    expect(runningServer(cluster())).toBeUndefined();
  });

  it("recovers at the next start when it was killed with the process that had started it", async () => {
    await withCluster();
    const { child, url } = await startElsewhere();
    await ask(url, "create table kept (value integer); insert into kept values (1)");
    await end(child, "SIGKILL");
    const pid = runningServer(cluster())?.pid ?? 0;
    process.kill(pid, "SIGKILL");
    const next = await start();
    expect(next.startedHere).toBe(true);
    expect(await ask(next.url, "select value from kept")).toEqual([{ value: 1 }]);
    await next.stop();
  });

  it.skipIf(!existsSync("/proc/self/stat"))(
    "starts although the number in a stale lock belongs to another program now",
    async () => {
      await withCluster();
      const first = await start();
      await first.stop();
      const lock = (pid: number | undefined) =>
        `${pid}\n${cluster()}\n1750000000\n${new URL(first.url).port}\n\n127.0.0.1\n  0 0\nready   \n`;
      const sleeper = spawn("sleep", ["600"]);
      children.push(sleeper);
      writeFileSync(join(cluster(), "postmaster.pid"), lock(sleeper.pid));
      const second = await start();
      expect(second.startedHere).toBe(true);
      expect(isAlive(sleeper.pid ?? 0)).toBe(true);
      await second.stop();
      // A PostgreSQL, but of another folder.
      const other = await startEmbedded(join(folder, "other"));
      try {
        writeFileSync(join(cluster(), "postmaster.pid"), lock(other.pid));
        const third = await start();
        expect(third.startedHere).toBe(true);
        await third.stop();
        expect(await ask(other.url, "select 1 as one")).toEqual([{ one: 1 }]);
      } finally {
        await other.stop();
      }
    },
  );

  it("removes what a process left that was killed while it made the cluster", async () => {
    const ended = spawn("true");
    await once(ended, "exit");
    const remains = join(folder, "data", `postgres.new-${ended.pid}-0badcafe`);
    mkdirSync(remains, { recursive: true });
    const database = await start();
    expect(existsSync(remains)).toBe(false);
    await database.stop();
  });

  it("refuses a data folder that cannot be one, in words", async () => {
    writeFileSync(join(folder, "data"), "a file");
    await expect(start()).rejects.toMatchObject({ code: "CONFIG", field: "data_dir", message: expect.stringContaining("data") });
  });

  it("tells what PostgreSQL says when it does not start", async () => {
    await withCluster();
    const database = await start();
    await database.stop();
    writeFileSync(join(cluster(), "postgresql.conf"), "no_such_setting = 1\n");
    await expect(start()).rejects.toMatchObject({ code: "DATABASE", message: expect.stringContaining("no_such_setting") });
  });
});

/** Every system has this user; initdb wants one that the system knows. */
const nobodyId = Number(/^nobody:[^:]*:(\d+)/m.exec(readFileSync("/etc/passwd", "utf8"))?.[1]);
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(`the embedded database and users${isRoot ? "" : " (skipped: not root)"}`, () => {
  let programs = "";
  const nobody = () => ({ id: nobodyId, folder: programs });
  beforeAll(() => {
    programs = mkdtempSync(join(tmpdir(), "nomaly-embedded-programs-"));
    chmodSync(programs, 0o755);
  });
  afterAll(() => rmSync(programs, { recursive: true, force: true }));

  it("runs as another user when root starts it", async () => {
    const database = await start();
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${database.pid}/status`, "utf8"))?.[1];
    expect(Number(uid)).toBeGreaterThan(0);
    await database.stop();
  });

  it("runs for root who keeps what is installed to itself, under a umask of 077", async () => {
    const closed = join(programs, "closed");
    await readableCopy(closed);
    execFileSync("chmod", ["-R", "go-rwx", closed]);
    const { child, url } = await startElsewhere({ id: 0, folder: closed, umask: 0o077 });
    expect(url).toMatch(/^postgres:/);
    await stopElsewhere(child);
  });

  it("runs as the user who starts it when that is not root", async () => {
    chownSync(folder, nobodyId, nobodyId);
    const { child, url } = await startElsewhere(nobody());
    expect(url).toMatch(/^postgres:/);
    const pid = runningServer(cluster())?.pid ?? 0;
    expect(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]).toBe(String(nobodyId));
    await stopElsewhere(child);
    expect(runningServer(cluster())).toBeUndefined();
  });

  it("refuses a folder that its user may not write, in words", async () => {
    const { said } = await startElsewhere(nobody());
    expect(said).toMatch(/^CONFIG: the data folder .* cannot be used: /);
  });

  it("refuses a folder that root has used and another user may not read, in words", async () => {
    await withCluster();
    const database = await start();
    const { said } = await startElsewhere(nobody());
    expect(said).toMatch(/^CONFIG: the data folder .* cannot be used: /);
    await database.stop();
  });

  it("refuses a folder below one that its user may not pass, in words", async () => {
    chmodSync(folder, 0o700);
    await expect(start()).rejects.toMatchObject({ code: "CONFIG", message: expect.stringContaining(`may not pass ${folder}`) });
  });
});
