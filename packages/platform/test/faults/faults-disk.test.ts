import { randomUUID } from "node:crypto";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@nomaly/detect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reserveBytes, roomBytesMin } from "../../src/store/embedded/disk-reserve.ts";
import { databaseUser } from "../../src/store/embedded/system-user.ts";
import { isAlive } from "../../src/ids/is-alive.ts";
import { eventually } from "../../test-support/eventually.ts";
import { createScene, healthy, type Scene } from "../../test-support/faults/faults.ts";
import { csv } from "../../test-support/faults/keeping-client.ts";
import { startTestServer, withClient } from "../../test-support/servers/postgres.ts";
import { ask, askAll, fileForm, send } from "../../test-support/requests.ts";
import { makeDataFolder, type ServiceProcess, startService } from "../../test-support/servers/service-process.ts";
import { mountSkipReason, mountSmallDisk, type SmallDisk } from "../../test-support/servers/small-disk.ts";

const timeout = 300_000;

let scene: Scene;
let disk: SmallDisk;
let dataFolder: string;
beforeEach(() => void (scene = createScene()));
afterEach(() => scene.endAll());

/** Everything of the service is on one small disk: PostgreSQL, the bytes, temporary files. */
async function startOnSmallDisk(): Promise<ServiceProcess> {
  const mounted = scene.opened(mkdtempSync(join(tmpdir(), "nomaly-disk-")), (path) => rmSync(path, { recursive: true }));
  disk = scene.opened(mountSmallDisk(mounted, "400m", "711"), (open) => open.unmount());
  dataFolder = join(mounted, "data");
  mkdirSync(dataFolder);
  scene.opened(dataFolder, () => endDatabase());
  return start();
}

async function start(): Promise<ServiceProcess> {
  const started = await startService({ dataFolder, program: "newest", environment: { NOMALY_COMPUTE_WORKERS: "1" } });
  return scene.opened(started, (open) => open.end("SIGKILL"));
}

function databasePid(): number | undefined {
  const lock = join(dataFolder, "postgres/postmaster.pid");
  return existsSync(lock) ? Number(readFileSync(lock, "utf8").split("\n")[0]) : undefined;
}

async function endDatabase(): Promise<void> {
  const pid = databasePid();
  if (pid === undefined || !isAlive(pid)) return;
  process.kill(pid, "SIGQUIT");
  await eventually("the database has ended", () => !isAlive(pid));
}

/** Past the service. */
function databaseUrl(): string {
  const port = readFileSync(join(dataFolder, "postgres/postmaster.pid"), "utf8").split("\n")[3];
  return `postgres://nomaly:${readFileSync(join(dataFolder, "database-password"), "utf8")}@127.0.0.1:${port}/postgres`;
}

const hasReserve = () => existsSync(join(dataFolder, "disk-reserve"));
const blobsOf = (kind: string) => readdirSync(join(dataFolder, "blobs", kind));

interface Stored {
  readonly dataset: string;
  readonly detector: string;
  readonly result: string;
}

/** One of each that can be removed, the result too large for a row. */
async function store(url: string): Promise<Stored> {
  const form = fileForm("rows.csv", csv(createRandom(3), 30_000));
  const dataset = String((await ask(url, "POST /api/datasets", { form }))["id"]);
  const detector = String((await ask(url, "POST /api/detectors", { json: { name: "stored", algorithm_name: "hbos" } }))["id"]);
  await ask(url, "POST /detection/train", { json: { detector_id: detector, dataset_id: dataset, background: false } });
  const scored = { detector_id: detector, dataset_id: dataset, background: false };
  const result = String((await ask(url, "POST /detection/predict", { json: scored }))["result_id"]);
  await eventually("the reserve is made", hasReserve, 30_000);
  expect([blobsOf("dataset").length, blobsOf("result").length]).toEqual([1, 1]);
  return { dataset, detector, result };
}

/** Whatever is added or changed is refused in words, and what is there is read. */
async function onlyReads(url: string, { detector, dataset }: Stored): Promise<void> {
  // The service asks the file system four times a second: it may have asked just before the disk was filled.
  await new Promise((later) => setTimeout(later, 300));
  const refused = await Promise.all([
    send(url, "POST /api/detectors", { json: { name: "one more" } }),
    send(url, `PATCH /api/detectors/${detector}`, { json: { name: "another name" } }),
    send(url, "POST /api/datasets", { form: fileForm("small.csv", csv(createRandom(4), 300)) }),
    send(url, "POST /detection/train", { json: { detector_id: detector, dataset_id: dataset, background: false } }),
    send(url, "POST /detection/train", { json: { detector_id: detector, dataset_id: dataset, background: true } }),
  ]);
  for (const { status, body, text } of refused) expect([status, body["code"]], text).toEqual([507, "STORAGE"]);
  expect(refused[0].body["detail"]).toMatch(/disk .* is full.*remove data sets, results or detectors/);
  expect(await ask(url, `GET /api/detectors/${detector}`)).toMatchObject({ status: "ready", name: "stored" });
  const scored = await send(url, "POST /detection/predict", { json: { detector_id: detector, data: [{ a: 0, b: 0, c: 0 }] } });
  expect(scored.status, scored.text).toBe(200);
}

/** The cure that the refusal names. */
async function removesAll(url: string, { dataset, detector, result }: Stored): Promise<void> {
  for (const path of [`/api/results/${result}`, `/api/datasets/${dataset}`, `/api/detectors/${detector}`]) {
    const removed = await send(url, `DELETE ${path}`);
    expect([path, removed.status], removed.text).toEqual([path, 204]);
  }
  // At once, and not when nobody can have them open any more.
  expect([...blobsOf("dataset"), ...blobsOf("result")]).toEqual([]);
  expect(await askAll(url, "/api/datasets")).toEqual([]);
}

async function worksAgain(url: string): Promise<void> {
  await eventually("the reserve is made again", hasReserve, 30_000);
  const create = () => send(url, "POST /api/detectors", { json: { name: "there is room" } });
  await eventually("detectors are made again", async () => (await create()).status === 201);
  await healthy(url);
}

describe("the disk with all of the service on it is full:", () => {
  it.skipIf(mountSkipReason !== "")(
    `changes are refused with 507 and reading goes on, data sets, results and detectors can be removed and their bytes go at once, and all is well when there is room${mountSkipReason}`,
    { timeout },
    async () => {
      const { url } = await startOnSmallDisk();
      const stored = await store(url);
      disk.fill();
      await onlyReads(url, stored);
      // Nobody has asked for it yet.
      expect(hasReserve()).toBe(true);
      await removesAll(url, stored);
      expect(hasReserve()).toBe(false);
      expect(disk.freeBytes()).toBeGreaterThan(reserveBytes / 2);
      disk.empty();
      await worksAgain(url);
    },
  );

  it.skipIf(mountSkipReason !== "")(
    `PostgreSQL itself ends for want of room: it comes back by itself, only reading and removing are possible, and all is well when there is room${mountSkipReason}`,
    { timeout },
    async () => {
      const { url } = await startOnSmallDisk();
      const stored = await store(url);
      disk.fill();
      // More than its write-ahead log has room for.
      const grow = withClient(databaseUrl(), (client) =>
        client.query("select pg_logical_emit_message(false, 'test', repeat('x', 8000000)) from generate_series(1, 20)"),
      );
      await expect(grow).rejects.toThrow(/No space left on device/);
      expect(readFileSync(join(dataFolder, "postgres.log"), "utf8")).toMatch(/PANIC: .*No space left on device/);
      const met = new Set<string>();
      const reads = async () => {
        const { status, body } = await send(url, "GET /api/detectors");
        met.add(status === 200 ? "200" : `${status} ${String(body["code"])}`);
        return status === 200;
      };
      await eventually("reads are answered", reads, 60_000);
      // The cause, also while PostgreSQL is away and cannot tell it.
      expect(["200", "507 STORAGE"]).toEqual(expect.arrayContaining([...met]));
      await onlyReads(url, stored);
      await removesAll(url, stored);
      disk.empty();
      await worksAgain(url);
    },
  );

  it.skipIf(mountSkipReason !== "")(
    `the service is killed with its database and starts again: it gives up the reserve, and what is stored can be removed${mountSkipReason}`,
    { timeout },
    async () => {
      const killed = await startOnSmallDisk();
      const stored = await store(killed.url);
      await killed.end("SIGKILL");
      await endDatabase();
      disk.fill();
      const { url } = await start();
      expect(hasReserve()).toBe(false);
      await onlyReads(url, stored);
      await removesAll(url, stored);
      disk.empty();
      await worksAgain(url);
    },
  );

  it.skipIf(mountSkipReason !== "")(
    `an upload that would take what the database needs ends with 507 before it has, and nothing of it stays${mountSkipReason}`,
    { timeout },
    async () => {
      const { url } = await startOnSmallDisk();
      await store(url);
      disk.fill(roomBytesMin + 4 * 1024 ** 2);
      const large = csv(createRandom(5), 400_000);
      expect(large.length).toBeGreaterThan(8 * 1024 ** 2);
      const refused = await send(url, "POST /api/datasets", { form: fileForm("large.csv", large) });
      expect([refused.status, refused.body["code"]], refused.text).toEqual([507, "STORAGE"]);
      expect(disk.freeBytes()).toBeGreaterThan(roomBytesMin);
      expect(blobsOf("dataset")).toHaveLength(1);
      disk.empty();
      await worksAgain(url);
    },
  );
});

describe("the disk of a PostgreSQL server is full:", () => {
  it.skipIf(mountSkipReason !== "")(
    `what does not fit is refused with 507 and STORAGE instead of 503, reading goes on, and all is well when there is room${mountSkipReason}`,
    { timeout },
    async () => {
      const mounted = scene.opened(mkdtempSync(join(tmpdir(), "nomaly-disk-")), (path) => rmSync(path, { recursive: true }));
      disk = scene.opened(mountSmallDisk(mounted, "40m", "711"), (open) => open.unmount());
      const server = scene.opened(await startTestServer(), (open) => open.stop());
      const space = join(mounted, "space");
      mkdirSync(space);
      const owner = databaseUser();
      if (owner !== undefined) chownSync(space, owner.uid, owner.gid);
      // Its log has another disk, so the server itself lives.
      await withClient(server.url, async (client) => {
        await client.query(`create tablespace small location '${space}'`);
        await client.query("create database small tablespace small");
      });
      const databaseUrl = Object.assign(new URL(server.url), { pathname: "/small" }).href;
      const folder = scene.opened(makeDataFolder(), (open) => open.remove());
      const environment = { DATABASE_URL: databaseUrl, NOMALY_COMPUTE_WORKERS: "1" };
      const started = await startService({ dataFolder: folder.path, program: "newest", environment });
      const { url } = scene.opened(started, (open) => open.end("SIGKILL"));
      const before = await ask(url, "POST /api/detectors", { json: { name: "before" } });
      disk.fill();
      // Text that the database cannot make shorter, for more than a page that has room.
      const columns = () => Array.from({ length: 2000 }, () => randomUUID());
      const create = () => send(url, "POST /api/detectors", { json: { name: "large", options: { columns: columns() } } });
      let refused = await create();
      for (let count = 0; count < 20 && refused.status === 201; count++) refused = await create();
      expect([refused.status, refused.body["code"], refused.body["field"]], refused.text).toEqual([507, "STORAGE", "database"]);
      expect(await ask(url, `GET /api/detectors/${String(before["id"])}`)).toMatchObject({ name: "before" });
      disk.empty();
      expect((await create()).status).toBe(201);
    },
  );
});
