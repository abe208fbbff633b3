import { expect, it, onTestFinished } from "vitest";
import { startTestDatabase } from "../../../test-support/servers/postgres.ts";
import { openTestStore } from "../../../test-support/servers/store.ts";
import { newId } from "../../ids/ids.ts";
import { createMonitor } from "../../monitor/monitor.ts";
import { registerProcess } from "../../store/tables/processes.ts";
import { sampleLook } from "./sample-care.ts";

const day = 86_400_000;

it("stores each second and each minute once, and two processes hear each other", { timeout: 60_000 }, async () => {
  const server = await startTestDatabase();
  onTestFinished(() => server.stop());
  const { database } = await openTestStore(server);
  onTestFinished(() => database.close());
  let elapsedMs = 0;
  const start = Date.now() - 120_000;
  const processes = await Promise.all(
    ["one", "two"].map(async (host) => {
      const processId = newId();
      await registerProcess(database, { id: processId, kind: "serve", host, pid: 1, connectionCountMax: 1 });
      const clock = { now: () => start + elapsedMs, elapsed: () => elapsedMs };
      const facts = { processorCount: 1, memoryLimitBytes: day, workerPids: () => [], host };
      const monitor = createMonitor({ ...facts, ...clock, hasTimer: false });
      onTestFinished(() => monitor.close());
      return { monitor, look: sampleLook({ database, monitor, processId }), processId };
    }),
  );
  const signal = new AbortController().signal;
  for (let second = 0; second < 120; second++) {
    elapsedMs += 1000;
    for (const [index, { monitor }] of processes.entries()) {
      monitor.record("/a", 10 * (index + 1), true);
      monitor.sample();
    }
    if (second % 5 === 4) for (const { look } of processes) await look(signal);
  }
  const stored = await database.query(
    "select process_id, seconds, count(*)::integer as count from performance_samples group by 1, 2 order by 2, 3",
  );
  for (const { processId } of processes) {
    expect(stored.rows).toContainEqual({ process_id: processId, seconds: 1, count: 120 });
    expect(stored.rows).toContainEqual({ process_id: processId, seconds: 60, count: 2 });
  }
  // 60 requests a minute each, of 10 and of 20 ms.
  for (const { monitor } of processes) {
    elapsedMs += 1000;
    monitor.sample();
    const { process_count: count, response_time: mean } = monitor.latest();
    expect(count).toBe(2);
    expect(mean).toBeCloseTo(15, 0);
  }
});
