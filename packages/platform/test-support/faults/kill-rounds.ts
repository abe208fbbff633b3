/**
 * Kills a server at random points, starts it again, and checks that it kept all that it had acknowledged. A third of the points are
 * counted in bytes between the service and its database; most of these are between a statement and its answer. A third are commits
 * that reach the database and whose answer is lost. The others are counted in milliseconds and may be in an upload or a fit.
 */

import type { Random } from "@nomaly/detect";
import { requireExactlyKept, requireNothingMissing } from "./check-kept.ts";
import { eventually } from "../eventually.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { createScene, healthy } from "./faults.ts";
import { type KeepingClient, startKeepingClient } from "./keeping-client.ts";
import { startTestServer } from "../servers/postgres.ts";
import { askAll } from "../requests.ts";
import { makeDataFolder, type ServiceProcess, startService } from "../servers/service-process.ts";

export interface KillRounds {
  readonly roundCount: number;
  readonly random: Random;
  /** Further settings of the server. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The largest distance of a point from a moment when requests were acknowledged. */
const farthest = { acknowledgements: 12, bytes: 30_000, commits: 6, milliseconds: 400 } as const;
const killedMsMax = 60_000;

/** @returns what happened, in words. */
export async function killRounds({ roundCount, random, environment = {} }: KillRounds): Promise<string> {
  const scene = createScene();
  try {
    const server = scene.opened(await startTestServer(), (open) => open.stop());
    const folder = scene.opened(makeDataFolder(), (open) => open.remove());
    const proxy = scene.opened(await startFaultProxy({ port: server.port }), (open) => open.close());
    const url = new URL(await server.createDatabase());
    url.port = String(proxy.port);
    // A job whose process is killed more often than it may be tried fails by design; another test covers that.
    const settings = { DATABASE_URL: url.href, NOMALY_JOB_RETRY_LIMIT: "100", ...environment };
    const start = () => startService({ dataFolder: folder.path, environment: settings, program: "newest" });
    let service: ServiceProcess = await start();
    scene.opened(undefined, () => service.end("SIGKILL"));
    const client = startKeepingClient({ random: random.stream(1), url: service.url });
    scene.opened(client, (open) => open.abandon());
    const counts = { open: 0, committed: 0 };
    for (let round = 0; round < roundCount; round++) {
      await killSomewhere(service, client, proxy, random);
      client.moveTo(undefined);
      const asked = new Set(client.pending);
      service = await start();
      counts.open += asked.size;
      counts.committed += await committedUnheard(service.url, client, asked);
      await requireNothingMissing(service.url, client);
      client.moveTo(service.url);
    }
    await client.finish();
    await requireExactlyKept(service.url, client);
    await healthy(service.url);
    const { datasets, detectors, trainings, jobs, results } = client.acknowledged;
    const kept = `${datasets.size} data sets, ${detectors.size} detectors, ${trainings.length + jobs.size} trainings (${jobs.size} as jobs), ${results.size} results`;
    return `${roundCount} kills with ${counts.open} requests open, ${counts.committed} of them committed and unheard of; ${kept}`;
  } finally {
    await scene.endAll();
  }
}

type Proxy = Awaited<ReturnType<typeof startFaultProxy>>;

/** Kills the service at a random point and waits until it has ended. */
async function killSomewhere(service: ServiceProcess, client: KeepingClient, proxy: Proxy, random: Random): Promise<void> {
  const wanted = client.acknowledgedCount() + random.integer(farthest.acknowledgements);
  await eventually("some requests are acknowledged", () => client.acknowledgedCount() >= wanted, killedMsMax);
  let isKilled = false;
  const kill = () => {
    proxy.watch(undefined);
    process.kill(service.pid, "SIGKILL");
    isKilled = true;
  };
  const [kind, distance] = [random.integer(3), random.uniform()];
  if (kind === 0) setTimeout(kill, distance * farthest.milliseconds);
  else proxy.watch(kind === 1 ? afterBytes(distance * farthest.bytes, kill) : afterCommits(distance * farthest.commits, kill));
  await eventually("the server is killed", () => isKilled, killedMsMax);
  await service.end("SIGKILL");
}

function afterBytes(byteCount: number, act: () => void): (piece: Buffer) => void {
  let left = byteCount;
  return (piece) => {
    left -= piece.byteLength;
    if (left <= 0) act();
  };
}

function afterCommits(count: number, act: () => void): (piece: Buffer, from: "client" | "server") => void {
  let left = count;
  return (piece, from) => {
    if (from === "client" && /commit/i.test(piece.toString("latin1")) && --left <= 0) act();
  };
}

/** Counts data sets and detectors that the service made although their requests got no answer. */
async function committedUnheard(url: string, { acknowledged }: KeepingClient, asked: ReadonlySet<string>): Promise<number> {
  const found = [...(await askAll(url, "/api/datasets")), ...(await askAll(url, "/api/detectors"))];
  const names = found.map(({ name }) => String(name));
  return names.filter((name) => asked.has(name) && !acknowledged.datasets.has(name) && !acknowledged.detectors.has(name)).length;
}
