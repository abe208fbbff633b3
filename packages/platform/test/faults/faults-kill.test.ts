import { it } from "vitest";
import { faultRandom } from "../../test-support/faults/faults.ts";
import { killRounds } from "../../test-support/faults/kill-rounds.ts";

it(
  "the server is killed (SIGKILL) at 20 random points under load: all that it acknowledged is there, nothing is doubled though the client repeats what was not answered, predictions are equal",
  { timeout: 600_000 },
  async ({ task }) => {
    task.meta.seen = await killRounds({ roundCount: 20, random: faultRandom("killed server") });
  },
);
