import { spawnSync } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { type MetricFamily, parsePrometheusText } from "../../test-support/watching/prometheus-text.ts";
import { findProgram, redisProgram, startRedis } from "../../test-support/servers/redis.ts";
import { startService } from "../../test-support/servers/service.ts";
import { countedPart, counter, flag, gauge, labelled, optional, text } from "./metric-kinds.ts";
import { createMetrics } from "./metrics.ts";

const promtool = findProgram("promtool");

async function serviceMetrics(): Promise<string> {
  const redis = redisProgram === undefined ? undefined : await startRedis();
  const service = await startService(redis === undefined ? {} : { redis_url: redis.url });
  onTestFinished(async () => {
    await service.close();
    await redis?.close();
  });
  await service.ask("GET /api/detectors");
  await service.ask("GET /api/nowhere");
  return (await service.ask("GET /metrics")).bytes.toString();
}

describe("the metrics of a service", () => {
  it("are in the format of Prometheus, each counter a counter and no setting one", { timeout: 60_000 }, async () => {
    const text = await serviceMetrics();
    const families = parsePrometheusText(text);
    const typeOf = (name: string) => families.get(`nomaly_${name}`)?.type;
    const settings = ["database_pool_base", "database_pool_capacity", "outgoing_capacity_per_host", "cache_level1_bytes_max"];
    for (const name of settings) expect([name, typeOf(name)]).toEqual([name, "gauge"]);
    for (const name of ["database_pool_wait_seconds_total", "compute_in_worker_total", "cache_invalidations_total"]) {
      expect([name, typeOf(name)]).toEqual([name, "counter"]);
    }
    // Prometheus's own parser, where it is installed.
    if (promtool !== undefined) {
      const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
      expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
    }
  });

  it("show times in seconds, flags as 0 and 1, like things by label, and leave texts and absent parts out", async () => {
    const byName = { a: { done: 1 }, 'b"\n\\': { done: 2 } };
    const metrics = {
      waitMsTotal: counter("Time waited", { unit: "ms", name: "wait_seconds" }),
      isOpen: flag("Whether it is open"),
      state: text<"up" | "down">(),
      entryCount: gauge("Entries", { name: "entries" }),
      byName: labelled("thing", ["a", 'b"\n\\'] as const, { done: counter("Things done") }),
      away: optional({ lagMs: gauge("How late it is", { unit: "ms", name: "lag_seconds" }) }),
    };
    const part = countedPart("test", metrics, () => ({
      waitMsTotal: 1500,
      isOpen: true,
      state: "up",
      entryCount: 3,
      byName,
      away: undefined,
    }));
    const families = [...parsePrometheusText(await createMetrics([part]).text()).values()];
    const ours = families.filter(({ name }) => name.startsWith("nomaly_test"));
    expect(ours.map(shown)).toEqual([
      "counter nomaly_test_wait_seconds_total {} 1.5",
      "gauge nomaly_test_is_open {} 1",
      "gauge nomaly_test_entries {} 3",
      `counter nomaly_test_thing_done_total {"thing":"a"} 1, {"thing":${JSON.stringify('b"\n\\')}} 2`,
    ]);
  });

  it("tell of the process what they have told since the first version, and nothing twice", async () => {
    const text = await createMetrics([]).text();
    const names = [...parsePrometheusText(text).keys()].filter((name) => /^(?:nodejs|process)_/.test(name));
    // The metrics of prom-client 15 without its gauges named `_total`; those of open files only where /proc exists.
    const lag = [
      "seconds",
      "min_seconds",
      "max_seconds",
      "mean_seconds",
      "stddev_seconds",
      "p50_seconds",
      "p90_seconds",
      "p99_seconds",
    ];
    const space = ["size_total", "size_used", "size_available"].map((size) => `nodejs_heap_space_${size}_bytes`);
    const cpu = ["user_seconds", "system_seconds", "seconds"].map((part) => `process_cpu_${part}_total`);
    const active = ["handles", "requests", "resources"].map((kind) => `nodejs_active_${kind}`);
    const heap = ["nodejs_heap_size_total_bytes", "nodejs_heap_size_used_bytes", "nodejs_external_memory_bytes"];
    const others = [
      "process_start_time_seconds",
      "process_resident_memory_bytes",
      "nodejs_version_info",
      "nodejs_gc_duration_seconds",
    ];
    const expected = [...lag.map((part) => `nodejs_eventloop_lag_${part}`), ...space, ...cpu, ...active, ...heap, ...others];
    const linux = ["process_virtual_memory_bytes", "process_heap_bytes", "process_open_fds", "process_max_fds"];
    expect(names.filter((name) => !linux.includes(name)).sort()).toEqual(expected.sort());
  });

  it("put each request into the bucket of its time", async () => {
    const metrics = createMetrics([]);
    for (const ms of [0.2, 3, 3, 40_000]) metrics.observe("/a", "GET", 200, ms);
    const family = parsePrometheusText(await metrics.text()).get("nomaly_http_request_duration_seconds");
    const atMost = (le: string) => family?.samples.find(({ labels }) => labels["le"] === le)?.value;
    expect(["0.00025", "0.0025", "0.005", "30", "+Inf"].map(atMost)).toEqual([1, 1, 3, 3, 4]);
  });
});

const shown = ({ name, type, samples }: MetricFamily) =>
  `${type} ${name} ${samples.map(({ labels, value }) => `${JSON.stringify(labels)} ${value}`).join(", ")}`;

describe("the reader of these tests", () => {
  it.each([
    ["a counter twice told", "# HELP a_total_total x\n# TYPE a_total_total counter\na_total_total 1\n"],
    ["a counter without its ending", "# HELP a x\n# TYPE a counter\na 1\n"],
    ["a gauge with the ending of a counter", "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n"],
    ["a sample twice", "# HELP a x\n# TYPE a gauge\na 1\na 2\n"],
    ["a group in two places", '# HELP a x\n# TYPE a gauge\na 1\n# HELP b x\n# TYPE b gauge\nb 1\na{x="1"} 2\n'],
    ["a value that is none", "# HELP a x\n# TYPE a gauge\na one\n"],
    ["a label that is not closed", '# HELP a x\n# TYPE a gauge\na{x="1} 2\n'],
    ["no type", "# HELP a x\na 1\n"],
    ["a missing end of line", "# HELP a x\n# TYPE a gauge\na 1"],
  ])("refuses %s", (_name, text) => {
    expect(() => parsePrometheusText(text)).toThrow();
  });
});
