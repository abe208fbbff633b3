import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { freePort } from "../../test-support/servers/free-port.ts";
import { findProgram } from "../../test-support/servers/redis.ts";
import { startService } from "../../test-support/servers/service.ts";
import { parsePrometheusText } from "../../test-support/watching/prometheus-text.ts";

const deploy = resolve(import.meta.dirname, "../../../../deploy");
const rulesFile = join(deploy, "prometheus/nomaly.rules.yml");
const prometheus = findProgram("prometheus");
const promtool = findProgram("promtool");

interface Rule {
  readonly name: string;
  readonly type: "alerting" | "recording";
  readonly health: string;
  readonly lastError?: string;
}

/** Series by the minute, `0+10x20`: 0, 10, 20, ... */
interface Planted {
  readonly series: Readonly<Record<string, string>>;
  readonly atMinutes: number;
  readonly firing: readonly string[];
}

const requests = (status: number, values: string) => ({
  [`nomaly_http_request_duration_seconds_count{job="nomaly",status="${status}"}`]: values,
});
const slow = (values: string) => ({
  [`nomaly_http_request_duration_seconds_bucket{job="nomaly",route="/a",le="1"}`]: "0x30",
  [`nomaly_http_request_duration_seconds_bucket{job="nomaly",route="/a",le="2.5"}`]: values,
  [`nomaly_http_request_duration_seconds_bucket{job="nomaly",route="/a",le="+Inf"}`]: values,
});
const gauge = (name: string, value: number) => ({ [`${name}{job="nomaly",instance="a"}`]: `${value}x30` });

const planted: Readonly<Record<string, Planted>> = {
  "a process that is down": { series: gauge("up", 0), atMinutes: 2, firing: ["NomalyDown"] },
  "more than 5 % errors": {
    series: { ...requests(200, "0+94x30"), ...requests(500, "0+6x30") },
    atMinutes: 15,
    firing: ["NomalyErrors"],
  },
  "slow requests": { series: slow("0+100x30"), atMinutes: 15, firing: ["NomalySlow"] },
  "memory above 75 %": {
    series: { ...gauge("nomaly_service_memory_bytes", 76), ...gauge("nomaly_service_memory_limit_bytes", 100) },
    atMinutes: 15,
    firing: ["NomalyMemory"],
  },
  "a pool above 90 %": {
    series: { ...gauge("nomaly_database_pool_in_use", 46), ...gauge("nomaly_database_pool_capacity", 50) },
    atMinutes: 15,
    firing: ["NomalyPoolFull"],
  },
  "callers that got no connection": {
    series: { 'nomaly_database_pool_timeouts_total{job="nomaly"}': "0x10 1x20" },
    atMinutes: 13,
    firing: ["NomalyPoolTimeouts"],
  },
  "workers that die": {
    series: {
      'nomaly_compute_crashed_total{job="nomaly"}': "0x10 1x20",
      'nomaly_compute_out_of_memory_total{job="nomaly"}': "0x30",
    },
    atMinutes: 13,
    firing: ["NomalyWorkersDie"],
  },
  "work that is refused": {
    series: { 'nomaly_compute_refused_total{job="nomaly"}': "0+9x30" },
    atMinutes: 15,
    firing: ["NomalyOverloaded"],
  },
  "jobs that fail": {
    series: { 'nomaly_queue_job_failed_total{job="nomaly"}': "0x10 1x20" },
    atMinutes: 13,
    firing: ["NomalyJobsFail"],
  },
  "a healthy service": {
    series: {
      ...gauge("up", 1),
      ...requests(200, "0+96x30"),
      ...requests(503, "0+4x30"),
      ...gauge("nomaly_service_memory_bytes", 74),
      ...gauge("nomaly_service_memory_limit_bytes", 100),
      ...gauge("nomaly_database_pool_in_use", 45),
      ...gauge("nomaly_database_pool_capacity", 50),
      'nomaly_database_pool_timeouts_total{job="nomaly"}': "3x30",
      'nomaly_compute_crashed_total{job="nomaly"}': "1x30",
      'nomaly_compute_out_of_memory_total{job="nomaly"}': "0x30",
      'nomaly_compute_refused_total{job="nomaly"}': "7x30",
      'nomaly_queue_job_failed_total{job="nomaly"}': "2x30",
    },
    atMinutes: 20,
    firing: [],
  },
};

describe.skipIf(promtool === undefined)("the alert rules for Prometheus (need promtool)", () => {
  const names = [...readFileSync(rulesFile, "utf8").matchAll(/alert: (\w+)/g)].map(([, name]) => name);

  it("are each fired by something below", () => {
    expect(
      Object.values(planted)
        .flatMap(({ firing }) => firing)
        .sort(),
    ).toEqual([...names].sort());
  });

  it.each(Object.entries(planted))("tell of %s, and of nothing else", (_name, { series, atMinutes, firing }) => {
    // promtool compares all labels and annotations, so it is told of ALERTS as a series.
    const folder = mkdtempSync(join(tmpdir(), "nomaly-rules-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const test = {
      rule_files: [rulesFile],
      evaluation_interval: "15s",
      tests: [
        {
          interval: "1m",
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [
            {
              expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
              eval_time: `${atMinutes}m`,
              exp_samples: firing.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
            },
          ],
        },
      ],
    };
    const file = join(folder, "test.yml");
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(test));
    const { status, stdout, stderr } = spawnSync(promtool ?? "", ["test", "rules", file], { encoding: "utf8" });
    expect({ status, said: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, said: "" });
  });
});

it.skipIf(prometheus === undefined)(
  "a real Prometheus scrapes the service, and evaluates every rule without error (needs prometheus)",
  { timeout: 120_000 },
  async () => {
    const service = await startService();
    onTestFinished(() => service.close());
    const url = await startPrometheus(new URL(service.url).host);
    const ask = async <Answer>(path: string) => ((await (await fetch(url + path)).json()) as { readonly data: Answer }).data;
    interface Found {
      readonly result: readonly { readonly value: readonly [number, string] }[];
    }
    const valueOf = async (query: string) =>
      (await ask<Found>(`/api/v1/query?query=${encodeURIComponent(query)}`)).result[0]?.value[1];
    await eventually("it is scraped", async () => (await valueOf('up{job="nomaly"}')) === "1", 60_000);
    const { groups } = await ask<{ readonly groups: readonly { readonly rules: readonly Rule[] }[] }>("/api/v1/rules");
    const rules = groups.flatMap((group) => group.rules);
    await eventually(
      "all rules are evaluated",
      async () => {
        const now = await ask<{ readonly groups: readonly { readonly rules: readonly Rule[] }[] }>("/api/v1/rules");
        return now.groups.flatMap((group) => group.rules).every(({ health }) => health === "ok");
      },
      30_000,
    );
    expect(rules).toHaveLength(12);
    expect(Number(await valueOf("nomaly_service_memory_bytes"))).toBeGreaterThan(10 * 2 ** 20);
    expect(Number(await valueOf("nomaly_service_memory_limit_bytes"))).toBeGreaterThan(100 * 2 ** 20);
  },
);

/** With the configuration that ships, but for the address and the times. */
async function startPrometheus(target: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-prometheus-"));
  cpSync(join(deploy, "prometheus"), folder, { recursive: true });
  const file = join(folder, "prometheus.yml");
  const shipped = readFileSync(file, "utf8");
  writeFileSync(file, shipped.replace("127.0.0.1:8080", target).replaceAll("15s", "1s"));
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const words = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=${address}`];
  const child = spawn(prometheus ?? "", words, { stdio: "ignore" });
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://${address}`;
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await eventually("Prometheus is ready", isReady, 30_000);
  return url;
}

it("the dashboard for Grafana and the rules name only metrics that the service has", async () => {
  const service = await startService();
  onTestFinished(() => service.close());
  await service.ask("GET /api/jobs");
  const families = parsePrometheusText((await service.ask("GET /metrics")).bytes.toString());
  const known = new Set(
    [...families.keys()].flatMap((name) => [name, ...["bucket", "count", "sum"].map((part) => `${name}_${part}`)]),
  );
  const texts = [join(deploy, "grafana/nomaly.json"), rulesFile].map((path) => readFileSync(path, "utf8"));
  const named = texts.flatMap((text) => [...text.matchAll(/\b(?:nomaly|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name));
  expect(named.length).toBeGreaterThan(20);
  expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([]);
});
