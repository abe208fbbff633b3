import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Attack, attacks, type Target } from "../test-support/attacks.ts";
import "../test-support/faults.ts";
import { ask } from "../test-support/requests.ts";
import { makeDataFolder, type ServiceProcess, startService } from "../test-support/service-process.ts";
import { canWatchMemory, type MemoryWatch, watchMemory } from "../test-support/watch-memory.ts";
import { type OutsideWatch, watchFromOutside } from "../test-support/outside-watch.ts";

const mib = 1024 ** 2;
const limitBytes = 1024 * mib;
/** Refused, or taken as what it is; 507 is a quota or a full disk, 0 a connection closed in the middle of a body that is too large. */
const allowed = new Set([0, 200, 201, 400, 404, 413, 415, 422, 503, 507]);
const silenceMsMax = 2000;

const folder = makeDataFolder();
let service: ServiceProcess;
let target: Target;
let memory: MemoryWatch;
let silence: OutsideWatch;

beforeAll(async () => {
  service = await startService({
    dataFolder: folder.path,
    program: "newest",
    environment: { NOMALY_MEMORY_LIMIT_BYTES: "1GiB", NOMALY_UPLOAD_BYTES: "1GiB" },
  });
  const { url } = service;
  const { id: detectorId } = await ask(url, "POST /api/detectors", { json: { name: "attacked" } });
  const rows = Array.from({ length: 200 }, (_, row) => ({ x: Math.sin(row), y: Math.cos(row) }));
  await ask(url, "POST /api/detection/train", { json: { detector_id: detectorId, data: rows } });
  target = { url, detectorId: String(detectorId) };
  memory = watchMemory(service.pid);
  silence = await watchFromOutside(url, String(detectorId));
});
afterAll(async () => {
  silence.stop();
  memory.stop();
  await service.end("SIGTERM");
  await folder.remove();
});

async function attacked(attack: Attack, count: number): Promise<string> {
  attack.prepare?.(target);
  await silence.take();
  memory.takePeakBytes();
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: count }, () => attack.run(target)));
  const tookMs = performance.now() - startedAt;
  const statuses = [...new Set(answers.flat())].sort((a, b) => a - b);
  const peakBytes = memory.takePeakBytes();
  const heard = await silence.take();
  const seen = `${statuses.join(", ") || "no answer"} in ${(tookMs / 1000).toFixed(1)} s, ${Math.round(peakBytes / mib)} MiB at most, /health/live within ${Math.round(heard.longestSilenceMs)} ms`;
  console.log(
    `${count} x ${attack.name}: ${seen}; ${heard.predictions} predictions, the slowest ${Math.round(heard.longestPredictionMs)} ms, ${heard.refused} refused`,
  );
  expect(
    statuses.filter((status) => !allowed.has(status)),
    seen,
  ).toEqual([]);
  expect(heard.wrong, seen).toEqual([]);
  expect(heard.longestSilenceMs, seen).toBeLessThan(silenceMsMax);
  if (canWatchMemory) expect(peakBytes, seen).toBeLessThanOrEqual(limitBytes);
  return seen;
}

describe.each([1, 8])("a server with 1 GiB, attacked by %i at once", (count) => {
  it.each(attacks)(
    "is sent $name: it lives, stays within its memory, and answers others meanwhile",
    { timeout: 300_000 },
    async (attack) => {
      const seen = await attacked(attack, count);
      expect(service.output()).not.toContain("uncaught");
      return void seen;
    },
  );
});
