import { connect, type Socket } from "node:net";
import { createRandom } from "@nomaly/detect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { healthy, jobEnds } from "../../test-support/faults/faults.ts";
import { csv } from "../../test-support/faults/keeping-client.ts";
import { ask, askAll, fileForm, type Json, send, trySend } from "../../test-support/requests.ts";
import type { ServiceProcess } from "../../test-support/servers/service-process.ts";
import { openStage, sharedServer, type Stage } from "../../test-support/stage.ts";

const timeout = 300_000;
/** Beyond the time that running work is given. */
const slackMs = 10_000;

const shared = sharedServer();
let stage: Stage;
beforeAll(shared.start);
afterAll(shared.stop);
beforeEach(async () => void (stage = await openStage(shared.server())));
afterEach(() => stage.scene.endAll());

interface Trained {
  readonly detector: unknown;
  readonly dataset: unknown;
}

/** A detector whose training and scoring of many rows take seconds. */
async function slowDetector(url: string): Promise<Trained> {
  const { id: dataset } = await ask(url, "POST /api/datasets", { form: fileForm("some.csv", csv(createRandom(6), 25_000)) });
  const { id: small } = await ask(url, "POST /api/datasets", { form: fileForm("small.csv", csv(createRandom(7), 5000)) });
  const { id: detector } = await ask(url, "POST /api/detectors", { json: { name: "slow", algorithm_name: "lof" } });
  await ask(url, "POST /detection/train", { json: { detector_id: detector, dataset_id: small } });
  return { detector, dataset };
}

async function running(url: string, job: unknown): Promise<void> {
  await eventually("the job runs", async () => (await ask(url, `GET /api/jobs/${String(job)}`))["status"] === "running", 30_000);
}

/** @returns milliseconds from the signal to the end. */
async function stopped(service: ServiceProcess): Promise<number> {
  const start = performance.now();
  expect(await service.end("SIGTERM"), service.output()).toBe(0);
  return Math.round(performance.now() - start);
}

describe("stopping (SIGTERM)", () => {
  it(
    "the server is stopped while it predicts and trains: the prediction and the job end, new connections are refused, its exit code is 0",
    { timeout },
    async ({ task }) => {
      const service = await stage.start();
      const { url } = service;
      const { detector, dataset } = await slowDetector(url);
      const { job_id: job } = await ask(url, "POST /detection/train", {
        json: { detector_id: detector, dataset_id: dataset, background: true },
      });
      await running(url, job);
      const scoring = {
        detector_id: detector,
        columns: ["a", "b", "c"],
        data: Array.from({ length: 10_000 }, (_, row) => [row, 0, 1]),
      };
      const predicted = send(url, "POST /detection/predict", { json: scoring });
      await eventually("the prediction runs", async () => {
        const { busy } = (await ask(url, "GET /health/full"))["compute"] as Json;
        return Number(busy) >= 2;
      });
      const ended = stopped(service);
      await eventually("new connections are refused", async () => {
        const answer = await trySend(url, "GET /health/live", { headers: { connection: "close" }, timeoutMs: 2000 });
        return answer === undefined || answer.status === 503;
      });
      expect((await predicted).status).toBe(200);
      const tookMs = await ended;
      const next = await stage.start();
      expect(await jobEnds(next.url, job)).toMatchObject({ status: "succeeded", attempt: 1 });
      expect(await askAll(next.url, `/api/detectors/${String(detector)}/versions`)).toHaveLength(2);
      await healthy(next.url);
      task.meta.seen = `ended after ${tookMs} ms`;
    },
  );

  it(
    "the server is stopped with a second for running work while a long job runs, its progress is followed and connections are open: it ends with code 0, the job is back in the queue for the next server, and nothing half done is there",
    { timeout },
    async ({ task }) => {
      const service = await stage.start({ NOMALY_SHUTDOWN_TIMEOUT_S: "1" });
      const { url } = service;
      const { detector, dataset } = await slowDetector(url);
      const { id: slower } = await ask(url, "POST /api/detectors", { json: { name: "slower", algorithm_name: "ocsvm" } });
      const { job_id: job } = await ask(url, "POST /detection/train", {
        json: { detector_id: slower, dataset_id: dataset, background: true },
      });
      await running(url, job);
      const followed = trySend(url, `GET /api/jobs/${String(job)}/events`);
      const idle = await opened(url);
      const tookMs = await stopped(service);
      expect(tookMs).toBeLessThan(1000 + slackMs);
      idle.destroy();
      await followed;
      const next = await stage.start();
      expect(["queued", "retrying", "running"]).toContain((await ask(next.url, `GET /api/jobs/${String(job)}`))["status"]);
      await ask(next.url, `DELETE /api/jobs/${String(job)}`);
      expect(await jobEnds(next.url, job)).toMatchObject({ status: "cancelled" });
      expect(await askAll(next.url, `/api/detectors/${String(slower)}/versions`)).toHaveLength(0);
      expect(await askAll(next.url, `/api/detectors/${String(detector)}/versions`)).toHaveLength(1);
      await healthy(next.url);
      task.meta.seen = `ended after ${tookMs} ms`;
    },
  );
});

function opened(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.on("error", reject);
    // Cut by the server in the end.
    socket.on("close", () => undefined);
  });
}

describe("slow clients", () => {
  it(
    "300 connections send a letter now and then, and 20 do not read what they asked for: others are answered as before, and the service is well after them",
    { timeout },
    async ({ task }) => {
      const { url } = await stage.start();
      const { detector, dataset } = await slowDetector(url);
      const slow = await Promise.all(Array.from({ length: 320 }, () => opened(url)));
      for (const socket of slow) socket.on("error", () => undefined);
      stage.scene.opened(slow, () => slow.forEach((socket) => socket.destroy()));
      for (const [index, socket] of slow.entries()) {
        socket.pause();
        const path = index < 20 ? `/api/datasets/${String(dataset)}/rows?limit=1000` : "/api/detectors";
        socket.write(`GET ${path} HTTP/1.1\r\nHost: slow\r\n${index < 20 ? "\r\n".padStart(2) : "X-Slow: "}`);
      }
      const trickle = setInterval(() => slow.slice(20).forEach((socket) => socket.writable && socket.write("x")), 500);
      stage.scene.opened(trickle, () => clearInterval(trickle));
      const tookMs: number[] = [];
      for (let turn = 0; turn < 40; turn++) {
        const start = performance.now();
        await ask(url, "POST /detection/predict", { json: { detector_id: detector, data: [{ a: turn, b: 0, c: 0 }] } });
        tookMs.push(performance.now() - start);
      }
      await healthy(url);
      clearInterval(trickle);
      for (const socket of slow) socket.destroy();
      await healthy(url);
      task.meta.seen = `slowest of 40 predictions beside them: ${Math.round(Math.max(...tookMs))} ms`;
    },
  );
});
