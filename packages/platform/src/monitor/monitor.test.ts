import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { createRandom } from "../../../detect/src/random.ts";
import { bucketCount, bucketOf, quantileOf } from "./duration-histogram.ts";
import { createEndpointDurations } from "./endpoint-durations.ts";
import { createMonitor, keptSampleCount, loopDelayMs, type Sample } from "./monitor.ts";
import { cpuMsBetween, usageOf } from "./process-usage.ts";
import { createRequestWindow } from "./request-window.ts";

/** A monitor whose clock stands still until the test moves it. */
function stillMonitor(workerPids: readonly number[] = []) {
  let atMs = 0;
  const clock = { elapsed: () => atMs, now: () => 1_700_000_000_000 + atMs };
  const monitor = createMonitor({
    processorCount: 2,
    memoryLimitBytes: 2 ** 30,
    workerPids: () => workerPids,
    host: "one",
    hasTimer: false,
    ...clock,
  });
  const pass = (ms: number): Sample => {
    atMs += ms;
    monitor.sample();
    return monitor.latest();
  };
  return { monitor, pass };
}

it("gives percentiles of a histogram within 2.5 % of the sorted durations", () => {
  const random = createRandom(3);
  const durations = Float64Array.from({ length: 5000 }, () => Math.exp(2 * random.normal() + 2));
  const counts = new Uint32Array(bucketCount);
  for (const ms of durations) counts[bucketOf(ms)]++;
  durations.sort();
  for (const q of [0.01, 0.5, 0.95, 0.99, 1]) {
    const exact = durations[Math.ceil(q * durations.length) - 1];
    const got = quantileOf(counts, q) ?? 0;
    expect(got / exact).toBeGreaterThan(0.975);
    expect(got / exact).toBeLessThan(1.025);
  }
  expect(quantileOf(new Uint32Array(bucketCount), 0.5)).toBeNull();
  expect([bucketOf(0), bucketOf(-1), bucketOf(Number.NaN), bucketOf(Infinity)]).toEqual([0, 0, 0, bucketCount - 1]);
});

it("divides requests by the real length of a window of 60 ended seconds, and forgets what is older", () => {
  const window = createRequestWindow();
  for (let i = 0; i < 30; i++) window.add(10, i >= 3);
  expect(window.figures()).toMatchObject({ requestCount: 0, perSecond: 0, meanMs: null, p50Ms: null });
  window.endSecond(2000);
  expect(window.figures()).toMatchObject({ requestCount: 30, errorCount: 3, perSecond: 15, meanMs: 10, lengthMs: 2000 });
  for (let second = 0; second < 59; second++) window.endSecond(1000);
  expect(window.figures()).toMatchObject({ requestCount: 30, lengthMs: 61_000 });
  window.endSecond(1000);
  expect(window.figures()).toMatchObject({ requestCount: 0, errorCount: 0, lengthMs: 60_000, p99Ms: null });
});

it("keeps the last 100 durations of each endpoint, and counts all its requests", () => {
  const endpoints = createEndpointDurations();
  for (let i = 1; i <= 150; i++) endpoints.add("/a", i, i % 10 !== 0);
  endpoints.add("/b", 5, true);
  // 51 to 150: mean 100.5, the 50th of them 100, the 95th 145, the 99th 149.
  expect(endpoints.figures()).toEqual({
    "/a": {
      avg_response_time: 100.5,
      request_count: 150,
      error_count: 15,
      error_rate: 10,
      p50_response_time: 100,
      p95_response_time: 145,
      p99_response_time: 149,
    },
    "/b": {
      avg_response_time: 5,
      request_count: 1,
      error_count: 0,
      error_rate: 0,
      p50_response_time: 5,
      p95_response_time: 5,
      p99_response_time: 5,
    },
  });
});

it("samples requests, memory and processor, keeps 100 samples, and averages them", () => {
  const { monitor, pass } = stillMonitor();
  expect(monitor.report()).toBeUndefined();
  expect(monitor.latest()).toMatchObject({ throughput: 0, response_time: 0, error_rate: 0, cpu_usage: 0, window_seconds: 0 });
  monitor.record("/a", 20, true);
  monitor.record("/a", 40, false);
  const sample = pass(1000);
  expect(sample).toMatchObject({ timestamp: 1_700_000_001, throughput: 2, response_time: 30, error_rate: 50, window_seconds: 1 });
  expect(sample.memory_usage).toBeCloseTo((sample.memory_bytes * 100) / 2 ** 30, 10);
  expect(sample.memory_bytes).toBeGreaterThan(10 * 2 ** 20);
  expect(pass(1000)).toMatchObject({ throughput: 1, response_time: 30 });
  expect(monitor.report()?.summary).toMatchObject({ avg_throughput: 1.5, avg_response_time: 30, avg_error_rate: 50 });
  for (let i = 0; i < 200; i++) pass(1000);
  expect(monitor.samples()).toHaveLength(keptSampleCount);
  expect(monitor.report()?.summary.avg_throughput).toBe(0);
  monitor.close();
});

it("gives each sample to every reader, and ends them when the signal fires or the monitor closes", async () => {
  const { monitor, pass } = stillMonitor();
  const ending = new AbortController();
  const read = async (signal: AbortSignal) => {
    const times: number[] = [];
    for await (const { timestamp } of monitor.follow(signal)) times.push(timestamp - 1_700_000_000);
    return times;
  };
  const readers = [read(ending.signal), read(new AbortController().signal)];
  for (let i = 0; i < 3; i++) {
    pass(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  ending.abort();
  expect(await readers[0]).toEqual([1, 2, 3]);
  pass(1000);
  await new Promise((resolve) => setImmediate(resolve));
  monitor.close();
  expect(await readers[1]).toEqual([1, 2, 3, 4]);
  expect(await read(new AbortController().signal)).toEqual([]);
});

it("sums what other processes do with its own, and stores its own alone", () => {
  const { monitor, pass } = stillMonitor();
  monitor.record("/a", 30, true);
  const own = pass(1000);
  const other = {
    ...own,
    host: "two",
    request_count: 3,
    response_time: 10,
    throughput: 3,
    error_count: 1,
    cpu_usage: 40,
    p99_response_time: 70,
  };
  monitor.hear([
    other,
    { ...other, request_count: 0, response_time: null, throughput: 0, error_count: 0, p99_response_time: null },
  ]);
  // 30 and 3 x 10; errors 1 of 4; the machine "two" has two processes of 40 %.
  expect(pass(1000)).toMatchObject({
    process_count: 3,
    request_count: 4,
    error_rate: 25,
    response_time: 15,
    throughput: 3.5,
    cpu_usage: 80,
    p99_response_time: 70,
  });
  expect(monitor.ownSince(own.timestamp)).toMatchObject([{ process_count: 1, request_count: 1, response_time: 30 }]);
  expect(monitor.ownSince(own.timestamp + 1)).toEqual([]);
  expect(monitor.ownMinute()).toBeUndefined();
  for (let i = 0; i < 58; i++) pass(1000);
  expect(monitor.ownMinute()).toMatchObject({ process_count: 1, request_count: 1 });
  monitor.close();
});

it("gives the delay of the event loop without the step of 20 ms by which it is measured", async () => {
  expect([21.5e6, 20e6, 3e6, Number.NaN].map(loopDelayMs)).toEqual([1.5, 0, 0, 0]);
  const { monitor, pass } = stillMonitor();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const end = performance.now() + 150;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(pass(1000).event_loop_delay_p99).toBeGreaterThan(100);
  monitor.close();
});

it("adds the processor time of processes that run on or have started, and takes none back for those that ended", () => {
  const before = {
    cpuMs: new Map([
      [1, 100],
      [2, 5000],
    ]),
    residentBytes: 0,
  };
  const after = {
    cpuMs: new Map([
      [1, 130],
      [3, 20],
    ]),
    residentBytes: 0,
  };
  expect(cpuMsBetween(before, after)).toBe(50);
});

it.skipIf(process.platform !== "linux")(
  "measures workers by /proc, whatever their name, and leaves out those that ended",
  async () => {
    const burn = `const spent = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
    while (spent() < 300); console.log(spent()); setTimeout(() => {}, 60_000)`;
    const child = spawn(process.execPath, ["-e", burn], { stdio: ["ignore", "pipe", "ignore"], argv0: "a) name (b" });
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const pid = child.pid ?? 0;
    const own = usageOf([]);
    const both = usageOf([pid, 2 ** 22 + 1]);
    expect([...both.cpuMs.keys()]).toEqual([process.pid, pid]);
    // The kernel counts in steps of 10 ms, and the child spends some more on what it says.
    const spentMs = Number(String(said));
    expect(both.cpuMs.get(pid)).toBeGreaterThan(spentMs - 25);
    expect(both.cpuMs.get(pid)).toBeLessThan(spentMs + 100);
    expect(both.residentBytes - own.residentBytes).toBeGreaterThan(20 * 2 ** 20);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(usageOf([pid]).cpuMs.has(pid)).toBe(false);
  },
);
