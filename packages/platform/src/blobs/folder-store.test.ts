import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { openFolderStore } from "./folder-store.ts";

const folder = mkdtempSync(join(tmpdir(), "nomaly-blobs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = (kind: string) => readdirSync(join(folder, kind));

describe("a folder of blobs", () => {
  it("keeps bytes under a new key, with their size and checksum", async () => {
    const store = await openFolderStore(folder);
    const blob = await store.write("dataset", Readable.from(["a,b\n", "1,2\n"]), { sizeBytesMax: 8 });
    // printf 'a,b\n1,2\n' | sha256sum
    expect(blob).toMatchObject({ sizeBytes: 8, checksum: "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470" });
    const reader = await store.open(blob.key);
    expect(readFileSync(reader.path, "utf8")).toBe("a,b\n1,2\n");
    await reader.release();
    await store.remove(blob.key);
    await store.remove(blob.key);
    await expect(store.open(blob.key)).rejects.toMatchObject({ code: "STORAGE" });
  });

  it("leaves nothing of what is too large, breaks off or was stopped", async () => {
    const store = await openFolderStore(folder);
    const before = files("dataset");
    const large = store.write("dataset", Readable.from(["123456789"]), { sizeBytesMax: 8 });
    await expect(large).rejects.toMatchObject({ code: "TOO_LARGE", expected: "at most 8 bytes" });
    const broken = Readable.from(
      (function* () {
        yield "1";
        throw new Error("the client left");
      })(),
    );
    await expect(store.write("dataset", broken, { sizeBytesMax: 8 })).rejects.toMatchObject({ code: "STORAGE" });
    const stopped = store.write("dataset", Readable.from(["1"]), { sizeBytesMax: 8, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
    expect(files("dataset")).toEqual(before);
  });

  it("keeps what is open readable when it is removed, and nothing of it afterwards", async () => {
    const store = await openFolderStore(folder);
    expect(store.keepsOpened).toBe(true);
    const { key } = await store.write("dataset", Readable.from(["a,b\n"]), { sizeBytesMax: 8 });
    const before = files("reading");
    const readers = [await store.open(key), await store.open(key)];
    await store.remove(key);
    await readers[0].release();
    expect(readFileSync(readers[1].path, "utf8")).toBe("a,b\n");
    await readers[1].release();
    expect(files("reading")).toEqual(before);
  });

  it("removes the names that killed readers left, and those of readers on other machines after a day", async () => {
    const store = await openFolderStore(folder);
    const { key } = await store.write("dataset", Readable.from(["a,b\n"]), { sizeBytesMax: 8 });
    const reader = await store.open(key);
    const [host] = basename(reader.path).split("-");
    const left = [`${host}-${2 ** 22 + 1}-${Date.now()}-left`, `00000000-1-${Date.now() - 25 * 3_600_000}-left`];
    const young = `00000000-1-${Date.now()}-read`;
    for (const name of [...left, young]) writeFileSync(join(folder, "reading", name), "");
    await openFolderStore(folder);
    expect(files("reading")).toEqual(expect.arrayContaining([young, basename(reader.path)]));
    for (const name of left) expect(files("reading")).not.toContain(name);
    rmSync(join(folder, "reading", young));
    await reader.release();
  });

  it("opens no path outside its folder, whatever the key says", async () => {
    const store = await openFolderStore(folder);
    for (const key of ["../../etc/passwd", "dataset/../../x", "/etc/passwd", "other/0197f0c5-0000-7000-8000-000000000000"]) {
      await expect(store.read(key)).rejects.toMatchObject({ code: "STORAGE", field: "blob_key" });
    }
  });

  it("removes what an ended process left half written, and leaves what is being written", async () => {
    const old = join(folder, "dataset", "0197f0c5-0000-7000-8000-000000000000.part");
    const young = join(folder, "dataset", "0197f0c5-0000-7000-8000-000000000001.part");
    for (const path of [old, young]) writeFileSync(path, "half");
    utimesSync(old, new Date(0), new Date(0));
    await openFolderStore(folder);
    expect(files("dataset")).toContain("0197f0c5-0000-7000-8000-000000000001.part");
    expect(files("dataset")).not.toContain("0197f0c5-0000-7000-8000-000000000000.part");
  });

  it("is one installation's alone", async () => {
    const store = await openFolderStore(folder);
    await store.claim("0197f0c5-0000-7000-8000-00000000000a");
    await store.claim("0197f0c5-0000-7000-8000-00000000000a");
    await expect(store.claim("0197f0c5-0000-7000-8000-00000000000b")).rejects.toMatchObject({
      code: "CONFIG",
      field: "data_dir",
    });
  });

  it("lists what is older than a time", async () => {
    const store = await openFolderStore(folder);
    const { key } = await store.write("result", Readable.from(["1"]), { sizeBytesMax: 8 });
    const found: string[] = [];
    for await (const each of store.keysBefore(Date.now() + 1000)) found.push(each);
    expect(found).toContain(key);
    for await (const each of store.keysBefore(0)) expect.unreachable(each);
  });
});
