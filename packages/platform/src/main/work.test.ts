import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { parsePrometheusText } from "../../test-support/watching/prometheus-text.ts";
import { readConfig } from "../config/read-config.ts";
import { createServiceHost } from "./service-host.ts";

let server: TestDatabase;
beforeAll(async () => (server = await startTestDatabase()));
afterAll(() => server.stop());

async function startWorker(settings: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-worker-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const commandLine = { data_dir: folder, log_level: "silent", database_url: await server.createDatabase(), ...settings };
  const { config } = readConfig({ commandLine, environment: {} });
  const host = createServiceHost("0.0.0-test");
  const worker = await host.work(config, new AbortController().signal);
  onTestFinished(() => worker.close());
  const ask = async (path: string, key?: string) => {
    const answer = await fetch(`${worker.url}${path}`, { headers: key === undefined ? {} : { "x-api-key": key } });
    return { status: answer.status, text: await answer.text() };
  };
  const createKey = () =>
    host.withKeys(config, async (keys) => (await keys.create({ name: "probe", scopes: ["read"], expiresAt: null })).key);
  return { worker, ask, createKey };
}

describe("a worker", () => {
  it("listens nowhere unless it is told to", async () => {
    const { worker } = await startWorker({});
    expect(worker.url).toBeUndefined();
  });

  it("tells its health and its numbers on its port, and serves nothing else there", async () => {
    const { ask } = await startWorker({ worker_port: "0" });
    expect(await ask("/health/live")).toEqual({ status: 200, text: '{"status":"ok"}' });
    expect(await ask("/health/ready")).toEqual({ status: 200, text: '{"status":"ok"}' });
    const full = await ask("/health/full");
    expect(JSON.parse(full.text)).toMatchObject({ status: "ok", queue: { status: "ok" } });
    const families = parsePrometheusText((await ask("/metrics")).text);
    expect(families.get("nomaly_queue_running")?.type).toBe("gauge");
    for (const path of ["/api/detectors", "/openapi.json", "/docs", "/"]) expect((await ask(path)).status).toBe(404);
  });

  it("asks for a key where a server would", async () => {
    const { ask, createKey } = await startWorker({ worker_port: "0", auth: "required" });
    for (const path of ["/health/live", "/health/ready"]) expect((await ask(path)).status).toBe(200);
    for (const path of ["/health/full", "/metrics"]) expect((await ask(path)).status).toBe(401);
    const key = await createKey();
    for (const path of ["/health/full", "/metrics"]) expect((await ask(path, key)).status).toBe(200);
  });

  it("does not start with an open door to the network", async () => {
    const settings = { worker_port: "0", host: "0.0.0.0", auth: "none" };
    await expect(startWorker(settings)).rejects.toMatchObject({ code: "CONFIG", field: "auth" });
  });

  it("says which setting has the port that another program has", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const taken = String((other.address() as AddressInfo).port);
    await expect(startWorker({ worker_port: taken })).rejects.toMatchObject({
      code: "CONFIG",
      field: "worker_port",
      message: expect.stringContaining("NOMALY_WORKER_PORT"),
    });
  });
});
