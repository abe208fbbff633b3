import { expect, it } from "vitest";
import { CostEstimates } from "./cost-estimates.ts";

it("is cautious about a new model, more so about a large one, and learns what calls cost", () => {
  const costs = new CostEstimates();
  expect(costs.estimateMs("new", 10, 0)).toBeGreaterThan(1);
  expect(costs.estimateMs("new", 10, 1e6)).toBeGreaterThan(10);
  for (let call = 0; call < 30; call++) costs.observe("new", 1000, 1);
  expect(costs.estimateMs("new", 1000, 1e6)).toBeCloseTo(1, 1);
});

it("does not take the cost of a call for the cost of its one row", () => {
  const costs = new CostEstimates();
  for (let call = 0; call < 30; call++) costs.observe("single", 1, 0.017);
  expect(costs.estimateMs("single", 100, 0)).toBeLessThan(0.3);
});
