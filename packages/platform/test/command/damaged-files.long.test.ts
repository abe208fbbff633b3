import { expect, it } from "vitest";
import { damagedFiles, originalFiles } from "../../test-support/attacks/damaged-files.ts";
import { readDamaged } from "../../test-support/attacks/read-damaged.ts";

it("5,000 damaged files are read: no end of the process, no hang, little memory, no error without a code", async () => {
  const { faults } = await readDamaged(damagedFiles(await originalFiles(), { count: 5000, seed: 100_000 }));
  expect(faults).toEqual([]);
}, 3_600_000);
