import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { eventually } from "../../test-support/eventually.ts";
import { type Json, startService, type TestService } from "../../test-support/servers/service.ts";

const recordFields = ["timestamp", "cpu_usage", "memory_usage", "response_time", "throughput", "error_rate"];

describe("the performance of a service", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  async function metricsWith(requestCount: number, endpoint: string): Promise<Json> {
    let metrics: Json = {};
    await eventually(`${requestCount} requests to ${endpoint} are recorded and sampled`, async () => {
      metrics = (await service.ask("GET /api/performance/metrics")).body;
      const breakdown = metrics["endpoint_breakdown"] as Readonly<Record<string, { request_count: number }>>;
      return breakdown[endpoint]?.request_count === requestCount && (metrics["samples"] as unknown[]).length > 0;
    });
    return metrics;
  }

  it("counts every request under the template of its route, and errors of the service alone as errors", async () => {
    for (let i = 0; i < 5; i++) await service.ask("GET /api/algorithms/pca");
    await service.ask("GET /api/algorithms/none");
    const metrics = await metricsWith(6, "/api/algorithms/:id");
    for (const field of recordFields) expect([field, typeof metrics[field]]).toEqual([field, "number"]);
    expect(metrics["endpoint_breakdown"]).toMatchObject({ "/api/algorithms/:id": { error_count: 0, error_rate: 0 } });
    expect(metrics["summary"]).toMatchObject({ avg_error_rate: 0 });
    expect(metrics).toMatchObject({ monitoring: true, process_count: 1 });
    const samples = metrics["samples"] as readonly Readonly<Record<string, number>>[];
    const { throughput, request_count: count, window_seconds: seconds } = samples.at(-1) ?? {};
    expect(throughput).toBeCloseTo(count / seconds, 10);
    expect(seconds).toBeLessThan(90);
  });

  it("is reported with the database and all parts, under both paths", async () => {
    for (const path of ["/performance/report", "/api/performance/report"]) {
      const { status, body } = await service.ask(`GET ${path}`);
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(
        expect.arrayContaining(["application_metrics", "database_metrics", "cache_hit_ratio", "timestamp"]),
      );
      expect(body["database_metrics"]).toMatchObject({ active_connections: expect.any(Number) as number });
      expect(body["pools"]).toMatchObject({ database: { current_stats: { pool_size: 20, capacity: 50 }, suggestions: [] } });
      expect(body["gpu"]).toBe("none");
      expect(Math.abs(Number(body["timestamp"]) - Date.now() / 1000)).toBeLessThan(60);
    }
    expect((await service.ask("GET /performance/metrics")).status).toBe(200);
  });

  it("comes live, a sample each second, whose numbers move with the requests", async () => {
    const client = createClient({ url: service.url });
    const ending = new AbortController();
    const counts: number[] = [];
    for await (const sample of client.performance.samples({ signal: ending.signal })) {
      counts.push(sample.request_count);
      if (counts.length === 2) for (let i = 0; i < 7; i++) await service.ask("GET /api/jobs");
      if (counts.length === 4) break;
    }
    expect(counts[3] - counts[1]).toBeGreaterThanOrEqual(7);
    ending.abort();
  });

  it("does not count a stream as a request that took as long as its reader stayed", async () => {
    const { body } = await service.ask("GET /api/performance/metrics");
    expect(Object.keys(body["endpoint_breakdown"] as object)).not.toContain("/api/performance/stream");
  });
});

it("is not recorded when monitoring is off, and says so", async () => {
  const service = await startService({ monitoring: "off" });
  try {
    await service.ask("GET /api/jobs");
    const { body } = await service.ask("GET /api/performance/metrics");
    expect(body).toMatchObject({ monitoring: false, samples: [], endpoint_breakdown: {}, throughput: 0 });
    expect((await service.ask("GET /performance/report")).body).toMatchObject({ application_metrics: {} });
  } finally {
    await service.close();
  }
});

it("needs a key of the scope read where keys are needed; the page's files need none", async () => {
  const service = await startService({ auth: "required" });
  try {
    for (const path of ["/api/performance/metrics", "/performance/report", "/api/performance/stream"]) {
      expect([path, (await service.ask(`GET ${path}`)).status]).toEqual([path, 401]);
    }
    const key = await service.createKey(["read"]);
    expect((await service.ask("GET /api/performance/metrics", { headers: { "x-api-key": key } })).status).toBe(200);
    expect((await service.ask("GET /performance/dashboard")).status).toBe(200);
  } finally {
    await service.close();
  }
});
