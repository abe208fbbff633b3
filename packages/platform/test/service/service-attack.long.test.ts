import { afterAll, beforeAll, it } from "vitest";
import { type AttackedService, startAttacked } from "../../test-support/attacks/attacked-service.ts";
import { attacks } from "../../test-support/attacks/attacks.ts";
import { damagedFiles, originalFiles } from "../../test-support/attacks/damaged-files.ts";
import "../../test-support/faults/faults.ts";

const lives = "it lives, stays within its memory, and answers others meanwhile";
let service: AttackedService;
beforeAll(async () => void (service = await startAttacked()));
afterAll(() => service.end());

for (const attack of attacks) {
  it(`a server with 1 GiB is sent ${attack.name}, eight times at once: ${lives}`, { timeout: 600_000 }, async ({ task }) => {
    task.meta.seen = await service.attack([attack], 8);
  });
}

it(`a server with 1 GiB is sent 5,000 damaged files, four at once: ${lives}`, { timeout: 3_600_000 }, async ({ task }) => {
  const files = [...damagedFiles(await originalFiles(), { count: 5000, seed: 200_000 })];
  task.meta.seen = await service.sendDamaged(files);
});
