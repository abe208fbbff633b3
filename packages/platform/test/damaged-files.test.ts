import { expect, it } from "vitest";
import { damagedFiles, originalFiles } from "../test-support/damaged-files.ts";
import { readDamaged } from "../test-support/read-damaged.ts";

const fileCount = 200;

it("reads 200 damaged files without an end of the process, a hang, much memory or an error without a code", async () => {
  const { countOfOutcome, faults } = await readDamaged(damagedFiles(await originalFiles(), { count: fileCount, seed: 1400 }));
  expect(faults).toEqual([]);
  // Both kinds must occur: damage that all is refused for, or none, would prove little.
  expect(countOfOutcome["read"]).toBeGreaterThan(fileCount / 20);
  expect(countOfOutcome["FILE_FORMAT"]).toBeGreaterThan(fileCount / 20);
}, 300_000);
