import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { startTestServer, type TestServer } from "../../test-support/servers/postgres.ts";
import { someRows, startService, type TestService } from "../../test-support/servers/service.ts";

const timeout = 60_000;
/** For the parts that close after requests and jobs. */
const slackMs = 6000;

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()), timeout);
afterAll(() => server.stop());

async function queuedJob(service: TestService): Promise<string> {
  const { body: dataset } = await service.ask("POST /api/datasets", { json: { name: "some", data: someRows(50) } });
  const { body: detector } = await service.ask("POST /api/detectors", { json: { name: `d ${String(dataset["id"])}` } });
  const json = { detector_id: detector["id"], dataset_id: dataset["id"], background: true };
  const { status, body } = await service.ask("POST /detection/train", { json });
  expect(status, JSON.stringify(body)).toBe(202);
  return String(body["job_id"]);
}

async function opened(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  // Cut by the server in the end.
  socket.on("error", () => undefined);
  socket.write(text);
  return socket;
}

async function closedMs(service: TestService): Promise<number> {
  const start = performance.now();
  await service.close();
  return performance.now() - start;
}

it("ends soon though somebody follows a job that nobody takes, and connections are kept", { timeout }, async () => {
  const settings = { database_url: await server.createDatabase(), job_concurrency: "0", shutdown_timeout_s: "20" };
  const service = await startService(settings);
  const job = await queuedJob(service);
  const following = await fetch(`${service.url}/api/jobs/${job}/events`);
  const reader = following.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("event: progress");
  expect(await closedMs(service)).toBeLessThan(slackMs);
  expect((await reader?.read())?.done).toBe(true);
});

it("ends within its time though a client sends a body without an end, and takes no job meanwhile", { timeout }, async () => {
  const database_url = await server.createDatabase();
  const timeoutS = 2;
  const other = await startService({ database_url, job_concurrency: "0" });
  const service = await startService({ database_url, job_concurrency: "1", shutdown_timeout_s: String(timeoutS) });
  try {
    const head =
      "POST /api/detectors HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    const socket = await opened(service.url, head);
    await eventually("the request has begun", () => socket.bytesWritten === head.length);
    // Answered after what came before it.
    await service.ask("GET /health/live");
    const closed = closedMs(service);
    const job = await queuedJob(other);
    expect(await closed).toBeLessThan(timeoutS * 1000 + slackMs);
    expect((await other.ask(`GET /api/jobs/${job}`)).body["status"]).toBe("queued");
  } finally {
    await other.close();
  }
});

it("shows the pool of outgoing calls in the metrics", { timeout }, async () => {
  const service = await startService({ database_url: await server.createDatabase() });
  expect((await service.ask("GET /metrics")).bytes.toString()).toMatch(/^nomaly_outgoing_\w+ /m);
  await service.close();
});
