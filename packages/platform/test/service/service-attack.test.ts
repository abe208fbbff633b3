import { afterAll, beforeAll, expect, it } from "vitest";
import { type AttackedService, attackGroups, startAttacked } from "../../test-support/attacks/attacked-service.ts";
import { attacks } from "../../test-support/attacks/attacks.ts";
import { damagedFiles, originalFiles } from "../../test-support/attacks/damaged-files.ts";
import "../../test-support/faults/faults.ts";

const timeout = 300_000;
const lives = "it lives, stays within its memory, and answers others meanwhile";
let service: AttackedService;
beforeAll(async () => void (service = await startAttacked()));
afterAll(() => service.end());

for (const attack of attacks) {
  it(`a server with 1 GiB is sent ${attack.name}: ${lives}`, { timeout }, async ({ task }) => {
    task.meta.seen = await service.attack([attack]);
  });
}

it.for(attackGroups.map((group, index) => ({ group, which: ["the first eight", "the next eight", "the last five"][index] })))(
  `a server with 1 GiB is sent $which of these at once: ${lives}`,
  { timeout },
  async ({ group }, { task }) => {
    task.meta.seen = await service.attack(group);
  },
);

it(`a server with 1 GiB is sent 100 damaged files, four at once: ${lives}`, { timeout }, async ({ task }) => {
  const files = [...damagedFiles(await originalFiles(), { count: 100, seed: 1600 })];
  task.meta.seen = await service.sendDamaged(files);
  // Both kinds must occur: damage that all is refused for, or none, would prove little.
  expect(task.meta.seen).toMatch(/201, .*422/);
});
