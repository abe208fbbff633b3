import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { mountSkipReason, mountSmallDisk } from "../../../test-support/servers/small-disk.ts";
import { spoolBytes, takeBody } from "./spool-body.ts";

const limits = { sizeBytesMax: 1000, inMemoryBytesMax: 100 };

function taking(headers: Readonly<Record<string, string>> = {}) {
  const set: Record<string, string> = {};
  const response = Object.assign(new EventEmitter(), {
    destroyed: false,
    headersSent: false,
    req: { socket: Object.assign(new EventEmitter(), { destroyed: false }) },
    setHeader: (name: string, value: string) => (set[name] = value),
  }) as unknown as ServerResponse;
  return { request: { headers, response }, set };
}

async function* pieces(...sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (const size of sizes) yield Buffer.alloc(size, "x");
}

it("keeps a small body in memory, up to the limit", async () => {
  const { request } = taking();
  expect(await takeBody(request, pieces(40, 60), limits)).toEqual(Buffer.alloc(100, "x"));
  expect(await takeBody(request, pieces(), limits)).toEqual(Buffer.alloc(0));
});

it("puts a larger one on disk, as it came, until the answer is over", async () => {
  const { request } = taking();
  const body = await takeBody(request, pieces(40, 60, 1, 300), limits);
  if (Buffer.isBuffer(body)) throw new Error("it is in memory");
  const whole = Buffer.alloc(401, "x");
  expect(readFileSync(body.path)).toEqual(whole);
  expect(body).toMatchObject({ sizeBytes: 401, checksum: createHash("sha256").update(whole).digest("hex") });
  request.response.emit("close");
  await vi.waitUntil(() => !existsSync(body.path), { timeout: 5000, interval: 5 });
});

it("refuses one that says it is too large before any of it is read, and one that is without saying so", async () => {
  const { request, set } = taking({ "content-length": "1001" });
  let read = 0;
  const content = (async function* () {
    read++;
    yield Buffer.alloc(1);
  })();
  await expect(takeBody(request, content, limits)).rejects.toMatchObject({ code: "TOO_LARGE", field: "body" });
  expect([read, set]).toEqual([0, { connection: "close" }]);
  const unsaid = taking();
  await expect(takeBody(unsaid.request, pieces(900, 101), limits)).rejects.toMatchObject({ code: "TOO_LARGE" });
  expect(await takeBody(unsaid.request, pieces(900, 100), limits)).toMatchObject({ sizeBytes: 1000 });
});

it("leaves nothing of one that ends too early", async () => {
  const { request } = taking();
  const before = await takeBody(request, pieces(101), limits);
  if (Buffer.isBuffer(before)) throw new Error("it is in memory");
  const content = (async function* () {
    yield Buffer.alloc(200);
    throw new Error("aborted");
  })();
  await expect(takeBody(request, content, limits)).rejects.toMatchObject({ code: "REQUEST", field: "body" });
});

it("puts a small one on disk where that is asked for", async () => {
  const { request } = taking();
  const { path, sizeBytes } = await spoolBytes(request, Buffer.from("arrow"));
  expect([readFileSync(path, "utf8"), sizeBytes]).toEqual(["arrow", 5]);
  request.response.emit("close");
});

it.skipIf(mountSkipReason !== "")(
  `takes none where the disk would be nearly full, and some where it would not be${mountSkipReason}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "nomaly-spool-"));
    const disk = mountSmallDisk(folder, "120m");
    vi.stubEnv("TMPDIR", folder);
    try {
      const { request } = taking();
      expect(await takeBody(request, pieces(101), limits)).toMatchObject({ sizeBytes: 101 });
      disk.fill(90 * 1024 ** 2);
      await expect(takeBody(request, pieces(101), limits)).rejects.toMatchObject({ code: "STORAGE", field: "body" });
      disk.empty();
      // The body itself fills the disk meanwhile.
      const large = { sizeBytesMax: 64 * 1024 ** 2, inMemoryBytesMax: 100 };
      const sent = pieces(...Array.from({ length: 60 }, () => 1024 ** 2));
      await expect(takeBody(request, sent, large)).rejects.toMatchObject({ code: "STORAGE" });
    } finally {
      vi.unstubAllEnvs();
      disk.unmount();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
