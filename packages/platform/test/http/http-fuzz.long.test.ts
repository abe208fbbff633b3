import { expect, it } from "vitest";
import { fuzzService } from "../../test-support/attacks/fuzz-service.ts";

const requestCount = 20_000;
const heapGrowthMax = 64 * 1024 ** 2;

it("answers 20,000 requests made from its description, each as described, with no fault of its own and flat memory", async () => {
  const { heapGrowthBytes } = await fuzzService(requestCount);
  expect(heapGrowthBytes).toBeLessThan(heapGrowthMax);
}, 3_600_000);
