import { testAccuracyOn } from "../test-support/accuracy-tests.ts";
import { adbenchNames } from "../test-support/shared-data.ts";
import { createThreadPool } from "../src/threads/thread-pool.ts";
import { workerHost } from "../src/threads/worker-host-node.ts";

/** The reference figures are means of five seeds; more on our side where that costs little. */
const largeRowCount = 8000;

testAccuracyOn(adbenchNames(), {
  threads: createThreadPool(2, workerHost),
  seedCountOf: (rowCount) => (rowCount > largeRowCount ? 5 : 20),
  orderCount: 12,
  timeoutMs: 600_000,
});
