import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { openTestStore } from "../../../test-support/servers/store.ts";
import { openFolderStore } from "../../blobs/folder-store.ts";
import { insertDataset } from "../../store/tables/datasets.ts";
import { newId } from "../../ids/ids.ts";
import { removeOrphans, removeUnfinished } from "./maintenance.ts";

let server: TestDatabase;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nomaly-maintenance-"));
  server = await startTestDatabase();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("removes bytes that no row names once they are a day old, and nothing else", async () => {
  const { database } = await openTestStore(server);
  try {
    const blobs = await openFolderStore(folder);
    const write = () => blobs.write("dataset", Readable.from([Buffer.from("x\n1\n")]), { sizeBytesMax: 100 });
    const [named, orphan] = [await write(), await write()];
    const dataset = { id: newId(), name: "d", fileFormat: "csv", nSamples: 1, nFeatures: 1, sizeBytes: 4, columns: [] } as const;
    await database.transaction((sql) => insertDataset(sql, { ...dataset, checksum: named.checksum, blobKey: named.key }));
    const signal = new AbortController().signal;
    expect(await removeOrphans({ database, blobs }, signal)).toBe(0);
    const tomorrow = Date.now() + 25 * 3_600_000;
    expect(await removeOrphans({ database, blobs }, signal, tomorrow)).toBe(1);
    expect((await blobs.read(named.key)).length).toBe(4);
    await expect(blobs.read(orphan.key)).rejects.toMatchObject({ code: "STORAGE" });
  } finally {
    await database.close();
  }
});

it("removes what writes of a day ago left unfinished, and warns where the store does not let it", async () => {
  const signal = new AbortController().signal;
  const warnings: unknown[] = [];
  const log = { warn: (...said: unknown[]) => void warnings.push(said) };
  const day = 24 * 3_600_000;
  const left = { removeUnfinished: async (time: number) => (time === 0 ? 2 : 0) };
  expect(await removeUnfinished({ blobs: left, log }, signal, day)).toBe(2);
  expect(warnings).toEqual([]);
  const refusing = { removeUnfinished: () => Promise.reject(new NomalyError("STORAGE", "status 403")) };
  expect(await removeUnfinished({ blobs: refusing, log }, signal, day)).toBeUndefined();
  expect(warnings.length).toBe(1);
});
