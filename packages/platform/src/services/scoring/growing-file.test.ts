import { mkdtempSync, renameSync, rmSync, writeFileSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { growingFile } from "./growing-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nomaly-growing-"));
  path = join(folder, "rows.csv");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writing = () => Promise.withResolvers<{ readonly sizeBytes: number }>();

describe("a file that is still being written", () => {
  it("gives what is there at once, and the rest when it comes", async () => {
    const { promise, resolve } = writing();
    const opening = growingFile(path, promise);
    writeFileSync(path, "first,");
    const { bytes, sizeBytes } = await opening;
    expect(sizeBytes).toBeUndefined();
    const reader = bytes[Symbol.asyncIterator]();
    expect(String((await reader.next()).value)).toBe("first,");
    appendFileSync(path, "second");
    resolve({ sizeBytes: 12 });
    expect(String((await reader.next()).value)).toBe("second");
    expect((await reader.next()).done).toBe(true);
  });

  it("has a size when it is complete before anybody reads", async () => {
    writeFileSync(path, "x".repeat(200_000));
    const { promise, resolve } = writing();
    resolve({ sizeBytes: 200_000 });
    await promise;
    await Promise.resolve();
    const { bytes, sizeBytes } = await growingFile(path, promise);
    expect([sizeBytes ?? 200_000, (await buffer(bytes)).length]).toEqual([200_000, 200_000]);
  });

  it("is complete also when it stays empty", async () => {
    writeFileSync(path, "");
    const { bytes, sizeBytes } = await growingFile(path, Promise.resolve({ sizeBytes: 0 }));
    expect([sizeBytes, (await buffer(bytes)).length]).toEqual([0, 0]);
  });

  it("fails with the error of its writing, before the first byte and after it", async () => {
    const failure = new Error("the disk is full");
    await expect(growingFile(path, Promise.reject(failure))).rejects.toBe(failure);
    const { promise, reject } = writing();
    writeFileSync(path, "half");
    const { bytes } = await growingFile(path, promise);
    reject(failure);
    await expect(buffer(bytes)).rejects.toBe(failure);
  });

  it("fails when another file takes its place, instead of ending short", async () => {
    const { promise, resolve } = writing();
    writeFileSync(path, "old");
    const { bytes } = await growingFile(path, promise);
    const reader = bytes[Symbol.asyncIterator]();
    await reader.next();
    writeFileSync(join(folder, "new"), "a new file");
    renameSync(join(folder, "new"), path);
    resolve({ sizeBytes: 10 });
    await expect(reader.next()).rejects.toMatchObject({ code: "WORKER", field: "format" });
  });
});
