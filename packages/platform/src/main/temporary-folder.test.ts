import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "nomaly-temporary-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("temporary files lie in the data folder, and go with the process", () => {
  const before = tmpdir();
  const used = useTemporaryFolder(folder);
  expect(tmpdir().startsWith(join(folder, "tmp", `${hostname()}-${process.pid}-`))).toBe(true);
  writeFileSync(join(tmpdir(), "half"), "x");
  used.remove();
  expect([tmpdir(), readdirSync(join(folder, "tmp"))]).toEqual([before, []]);
});

it("what a killed process of this machine left is removed, what others use stays", () => {
  // No process has this number: it is above the largest that Linux gives.
  const dead = join(folder, "tmp", `${hostname()}-4194305-aaaaaa`);
  const elsewhere = join(folder, "tmp", "another-host-4194305-aaaaaa");
  const alive = join(folder, "tmp", `${hostname()}-${process.ppid}-aaaaaa`);
  for (const path of [dead, elsewhere, alive]) mkdirSync(path, { recursive: true });
  useTemporaryFolder(folder).remove();
  expect([dead, elsewhere, alive].map((path) => existsSync(path))).toEqual([false, true, true]);
});
