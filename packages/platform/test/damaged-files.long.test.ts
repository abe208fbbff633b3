import { expect, it } from "vitest";
import { damagedFiles, originalFiles } from "../test-support/damaged-files.ts";
import { readDamaged } from "../test-support/read-damaged.ts";

it("reads 5,000 damaged files without an end of the process, a hang, much memory or an error without a code", async () => {
  const { faults } = await readDamaged(damagedFiles(await originalFiles(), { count: 5000, seed: 100_000 }));
  expect(faults).toEqual([]);
}, 3_600_000);
