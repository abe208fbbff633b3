import { expect, it } from "vitest";
import { countsOf } from "../../watch/metric-kinds.ts";
import { resourcePoolMetrics, type ResourcePoolStats } from "../../pools/resource-pool.ts";
import { poolReport } from "./pool-report.ts";

const settings = { size: "database_pool_size", overflow: "database_max_overflow" };
const report = (changes: Partial<ResourcePoolStats>) =>
  poolReport({ ...countsOf(resourcePoolMetrics), base: 20, capacity: 50, ...changes }, settings);

it("gives utilisation of the capacity of 50, an overflow that is never negative, and what waits", () => {
  expect(report({ size: 25, idle: 5, inUse: 20, invalid: 0, waiting: 0, timeouts: 2 })).toEqual({
    current_stats: {
      pool_size: 20,
      checked_in: 5,
      checked_out: 20,
      overflow: 5,
      invalid: 0,
      total_connections: 25,
      utilization_percent: 40,
      capacity: 50,
      waiting: 0,
      timeouts: 2,
    },
    suggestions: [],
  });
  expect(report({ size: 3, idle: 3 }).current_stats.overflow).toBe(0);
  expect(report({ capacity: 0 }).current_stats.utilization_percent).toBe(0);
});

it.each<[string, Partial<ResourcePoolStats>, RegExp | undefined]>([
  ["nothing at 90 %", { size: 50, inUse: 45, base: 50 }, undefined],
  [
    "a larger pool above 90 %",
    { size: 50, inUse: 46, base: 50 },
    /^46 of 50 .* raise database_pool_size or database_max_overflow/,
  ],
  ["a look at network and restarts", { invalid: 1, size: 1, idle: 1 }, /^1 connections were found broken.*restarts/],
  ["nothing while the overflow is the base", { size: 40, idle: 40 }, undefined],
  ["a larger base above it", { size: 41, idle: 41 }, /^21 connections beyond the 20 that stay open: raise database_pool_size/],
  ["a leak where callers wait and connections are free", { size: 20, idle: 2, waiting: 1 }, /^1 callers wait although 2/],
  ["no leak where all are in use", { size: 20, inUse: 20, waiting: 1 }, undefined],
])("suggests %s", (_name, stats, expected) => {
  const { suggestions } = report(stats);
  if (expected === undefined) expect(suggestions).toEqual([]);
  else {
    expect(suggestions).toHaveLength(1);
    expect(suggestions[0]).toMatch(expected);
  }
});
