import { describe, expect, it } from "vitest";
import { checks, findingsOf } from "./checks.ts";
import type { Facts } from "./facts.ts";

/** Everything at the edge of what is well. */
const healthy: Facts = {
  database: { claimed: 90, available: 90, indexFaults: [], hitPercent: 95 },
  replica: { state: "ready" },
  pools: [{ name: "database", suggestions: [] }],
  redis: { breaker: "closed", isSubscribed: true },
  queue: { queued: 3, failed: 0, oldestWaitMs: 60_000 },
  workers: { crashed: 0, outOfMemory: 0, outOfTime: 0 },
  memoryPercent: 75,
  disk: { usedPercent: 85 },
  loopDelayMs: 100,
  clockAheadMs: 30_000,
  endingKeys: [],
  isMonitored: true,
};

const planted: readonly (readonly [id: string, facts: Partial<Facts>, says: RegExp])[] = [
  [
    "database.reachable",
    { database: { error: "no answer within 2000 ms" } },
    /^critical the database does not answer: no answer within 2000 ms/,
  ],
  ["database.connections", { database: { claimed: 91, available: 90 } }, /may open 91 connections, and the server has 90/],
  [
    "database.indexes",
    { database: { indexFaults: [{ name: "idx_a", kind: "INVALID" }] as unknown as Facts["database"]["indexFaults"] } },
    /the index idx_a is INVALID/,
  ],
  ["database.memory", { database: { hitPercent: 94.9 } }, /found 94\.9 % of the blocks/],
  ["database.replica", { replica: { state: "stale" } }, /the replica is too far behind/],
  ["database.replica", { replica: { state: "down" } }, /the replica does not answer/],
  ["pools", { pools: [{ name: "redis", suggestions: ["raise it"] }] }, /pool redis: raise it/],
  ["cache.redis", { redis: { breaker: "open", isSubscribed: true } }, /Redis does not answer/],
  ["cache.redis", { redis: { breaker: "closed", isSubscribed: false } }, /Redis does not answer/],
  ["queue.age", { queue: { queued: 1, oldestWaitMs: 61_000 } }, /the oldest of 1 queued job has waited for 61 s/],
  ["queue.failed", { queue: { failed: 2 } }, /2 jobs ended in failure/],
  ["workers", { workers: { crashed: 1, outOfMemory: 0, outOfTime: 0 } }, /1 worker crashed/],
  ["workers", { workers: { crashed: 0, outOfMemory: 2, outOfTime: 0 } }, /2 workers took too much memory/],
  ["workers", { workers: { crashed: 0, outOfMemory: 0, outOfTime: 1 } }, /1 worker took too long/],
  ["memory", { memoryPercent: 76 }, /take 76 % of their memory/],
  ["disk", { disk: { usedPercent: 86 } }, /is 86 % full/],
  ["event-loop", { loopDelayMs: 101 }, /were 101 ms late/],
  ["clock", { clockAheadMs: -31_000 }, /is 31 s behind the database's/],
  ["clock", { clockAheadMs: 31_000 }, /is 31 s ahead of the database's/],
  ["keys", { endingKeys: [{ name: "grafana", days: 3 }] }, /the key "grafana" ends in 3 days/],
  ["monitoring", { isMonitored: false }, /^info monitoring is switched off/],
];

describe("the checks of doctor", () => {
  it("find nothing on a service that is well, nor where parts are absent", () => {
    expect(findingsOf(healthy)).toEqual([]);
    const bare = { ...healthy, database: {}, queue: {} };
    for (const name of ["replica", "redis", "disk", "clockAheadMs"]) delete (bare as Record<string, unknown>)[name];
    expect(findingsOf(bare)).toEqual([]);
  });

  it.each(planted)("find with %s what is planted, and nothing else: %j", (id, facts, says) => {
    const findings = findingsOf({ ...healthy, ...facts });
    expect(findings.map((one) => one.id)).toEqual([id]);
    expect(`${findings[0].severity} ${findings[0].finding}`).toMatch(says);
    expect(findings[0].next_step.length).toBeGreaterThan(5);
  });

  it("are each tried above, have ids of their own, and show the worst first", () => {
    expect(new Set(planted.map(([id]) => id))).toEqual(new Set(checks.map(({ id }) => id)));
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    const findings = findingsOf({ ...healthy, isMonitored: false, memoryPercent: 90, database: { error: "gone" } });
    expect(findings.map(({ severity }) => severity)).toEqual(["critical", "warning", "info"]);
  });
});
