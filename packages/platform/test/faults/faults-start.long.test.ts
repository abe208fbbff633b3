import { afterAll, beforeAll, it } from "vitest";
import { faultRandom } from "../../test-support/faults/faults.ts";
import { killStarts } from "../../test-support/faults/killed-starts.ts";
import { sharedServer } from "../../test-support/stage.ts";

const shared = sharedServer();
beforeAll(shared.start);
afterAll(shared.stop);

it(
  "migrations are interrupted (SIGKILL) at 60 random points and repeated: the schema is that of an undisturbed start, no index is invalid, the service works",
  { timeout: 1_800_000 },
  async ({ task }) => {
    const random = faultRandom("interrupted migrations, long");
    task.meta.seen = await killStarts(shared.server(), { databaseCount: 20, killsOfEach: 3, random });
  },
);
