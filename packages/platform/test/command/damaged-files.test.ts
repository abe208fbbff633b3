import { expect, it } from "vitest";
import { damagedFiles, originalFiles } from "../../test-support/attacks/damaged-files.ts";
import { readDamaged } from "../../test-support/attacks/read-damaged.ts";

const fileCount = 200;

it("200 damaged files are read: no end of the process, no hang, little memory, no error without a code", async () => {
  const { countOfOutcome, faults } = await readDamaged(damagedFiles(await originalFiles(), { count: fileCount, seed: 1400 }));
  expect(faults).toEqual([]);
  // Both kinds must occur: damage that all is refused for, or none, would prove little.
  expect(countOfOutcome["read"]).toBeGreaterThan(fileCount / 20);
  expect(countOfOutcome["FILE_FORMAT"]).toBeGreaterThan(fileCount / 20);
}, 300_000);
