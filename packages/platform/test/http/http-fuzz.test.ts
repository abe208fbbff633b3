import { expect, it } from "vitest";
import { fuzzService } from "../../test-support/attacks/fuzz-service.ts";

const requestCount = 1000;
const heapGrowthMax = 48 * 1024 ** 2;

it("answers 1,000 requests made from its description, each as described, with no fault of its own and flat memory", async () => {
  const { countOfStatus, heapGrowthBytes } = await fuzzService(requestCount);
  // Both kinds must occur: a generator whose requests are all refused would prove little.
  expect(countOfStatus["200"]).toBeGreaterThan(requestCount / 20);
  expect(countOfStatus["400"]).toBeGreaterThan(requestCount / 20);
  expect(heapGrowthBytes).toBeLessThan(heapGrowthMax);
}, 300_000);
