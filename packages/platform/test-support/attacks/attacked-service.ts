/** Attacks a server with 1 GiB, while another process asks it for health and predictions and its memory is measured. */

import { expect } from "vitest";
import { type Attack, attacks, sendArrow, type Target, uploadFile } from "./attacks.ts";
import type { DamagedFile } from "./damaged-files.ts";
import { type OutsideWatch, watchFromOutside } from "../watching/outside-watch.ts";
import { ask } from "../requests.ts";
import { makeDataFolder, type ServiceProcess, startService } from "../servers/service-process.ts";
import { canWatchMemory, type MemoryWatch, watchMemory } from "../watching/watch-memory.ts";

export interface AttackedService {
  /**
   * Runs each attack so many times at once, and requires that the server stays alive and within its memory, goes on answering other
   * clients, and answers with allowed statuses only.
   * @returns what was measured, in words.
   */
  attack(chosen: readonly Attack[], times?: number): Promise<string>;
  /** Uploads each file, and sends Arrow files as bodies to score, too, four at once; requires the same. */
  sendDamaged(files: readonly DamagedFile[]): Promise<string>;
  end(): Promise<void>;
}

const mib = 1024 ** 2;
const limitBytes = 1024 * mib;
/** Statuses that are allowed: 507 means a quota or a full disk, 0 a connection that was closed during a body that is too large. */
const allowed = new Set([0, 200, 201, 400, 404, 413, 415, 422, 503, 507]);
const silenceMsMax = 2000;

export async function startAttacked(): Promise<AttackedService> {
  const folder = makeDataFolder();
  const service = await startService({
    dataFolder: folder.path,
    program: "newest",
    environment: { NOMALY_MEMORY_LIMIT_BYTES: "1GiB", NOMALY_UPLOAD_BYTES: "1GiB" },
  });
  const { url } = service;
  const { id } = await ask(url, "POST /api/detectors", { json: { name: "attacked" } });
  const rows = Array.from({ length: 200 }, (_, row) => ({ x: Math.sin(row), y: Math.cos(row) }));
  await ask(url, "POST /api/detection/train", { json: { detector_id: id, data: rows } });
  const detectorId = String(id);
  const target: Target = { url, detectorId };
  const watched = { service, memory: watchMemory(service.pid), outside: await watchFromOutside(url, detectorId) };
  return {
    attack(chosen, times = 1) {
      for (const { prepare } of chosen) prepare?.(target);
      const runs = chosen.flatMap(({ run }) => Array.from({ length: times }, () => run));
      return attacked(watched, async () => (await Promise.all(runs.map((run) => run(target)))).flat());
    },
    sendDamaged: (files) => attacked(watched, () => sentDamaged(target, files)),
    async end() {
      watched.outside.stop();
      watched.memory.stop();
      await service.end("SIGTERM");
      await folder.remove();
    },
  };
}

interface Watched {
  readonly service: ServiceProcess;
  readonly memory: MemoryWatch;
  readonly outside: OutsideWatch;
}

async function attacked({ service, memory, outside }: Watched, attack: () => Promise<readonly number[]>): Promise<string> {
  await outside.take();
  memory.takePeakBytes();
  const startedAt = performance.now();
  const statuses = [...new Set(await attack())].sort((a, b) => a - b);
  const seconds = (performance.now() - startedAt) / 1000;
  const peakBytes = memory.takePeakBytes();
  const heard = await outside.take();
  const seen = [
    `${statuses.join(", ") || "no answer"} in ${seconds.toFixed(1)} s`,
    ...(canWatchMemory ? [`${Math.round(peakBytes / mib)} MiB at most`] : []),
    `/health/live within ${Math.round(heard.longestSilenceMs)} ms`,
    `${heard.predictions} predictions within ${Math.round(heard.longestPredictionMs)} ms, ${heard.refused} refused`,
  ].join("; ");
  expect(
    statuses.filter((status) => !allowed.has(status)),
    seen,
  ).toEqual([]);
  expect(heard.wrong, seen).toEqual([]);
  expect(heard.longestSilenceMs, seen).toBeLessThan(silenceMsMax);
  if (canWatchMemory) expect(peakBytes, seen).toBeLessThanOrEqual(limitBytes);
  expect(service.output()).not.toContain("uncaught");
  return seen;
}

async function sentDamaged({ url, detectorId }: Target, files: readonly DamagedFile[]): Promise<readonly number[]> {
  const statuses: number[] = [];
  const waiting = files.values();
  const send = async () => {
    // The loops share one iterator, so that each takes the next file.
    for (const { name, bytes, seed, what } of waiting) {
      const answers = [await uploadFile(url, name, bytes)];
      if (name.endsWith(".arrow")) answers.push(await sendArrow(url, `/api/detection/predict?detector_id=${detectorId}`, bytes));
      statuses.push(...answers);
      if (!answers.every((status) => allowed.has(status))) throw new Error(`seed ${seed} (${what}): ${answers.join(" and ")}`);
    }
  };
  await Promise.all([send(), send(), send(), send()]);
  return statuses;
}

/** All attacks in groups of eight. */
export const attackGroups: readonly (readonly Attack[])[] = [0, 8, 16].map((first) => attacks.slice(first, first + 8));
