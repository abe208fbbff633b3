import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type OpenDiskReserve, openDiskReserve } from "./disk-reserve.ts";

let folder: string;
let reserve: OpenDiskReserve;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  folder = mkdtempSync(join(tmpdir(), "nomaly-reserve-"));
  reserve = openDiskReserve(folder);
});
afterEach(async () => {
  await reserve.close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

it("does not end the process when its folder is gone, as after an unmount", () => {
  rmSync(folder, { recursive: true });
  expect(() => vi.advanceTimersByTime(10_000)).not.toThrow();
});

it("is not short where the disk does not say how much room it has", () => {
  rmSync(folder, { recursive: true });
  expect(reserve.isShort()).toBe(false);
});

it("says that it gave nothing when its file cannot be removed", () => {
  // Only a file is removed.
  mkdirSync(join(folder, "disk-reserve"));
  expect(reserve.giveUp()).toBe(false);
});
