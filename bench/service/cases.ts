/** The measurements of the service. Each case starts the processes it needs, and ends them. */

import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { median } from "../measure.ts";
import { columnNames, predictBodies, rowsOf } from "./bodies.ts";
import { inTurn, load, type LoadOutcome } from "./load.ts";
import { type Measured, startEcho, startOurs, startPeer } from "./processes.ts";

export interface Plan {
  readonly folder: string;
  readonly seconds: number;
  readonly rounds: number;
  readonly python: () => string | undefined;
}

const columnCount = 10;
/** A cache that holds the model but not the answers to all bodies: every request is computed. */
const noCache = { NOMALY_CACHE_LEVEL1_BYTES: "256KiB" };
/** More different bodies than that cache can hold answers. */
const bodyCount = 2000;

/** Requests a second, compared with an echo of the same body by the same web framework. */
export async function echoCase({ folder, seconds, rounds }: Plan): Promise<string[]> {
  const [ours, echo] = [await startOurs(prepare(folder), noCache), await startEcho()];
  try {
    const id = await trainedDetector(ours, "isolation-forest", 10_000);
    const bodies = predictBodies(id, bodyCount, 10, columnCount);
    const both = async () => ({
      echoed: await load({ port: echo.port, path: "/echo", bodies, seconds, connections: 16 }),
      predicted: await load({ port: ours.port, path: "/detection/predict", bodies, seconds, connections: 16 }),
    });
    await load({ port: ours.port, path: "/detection/predict", bodies, seconds: 1, connections: 16 });
    const runs = await repeated(rounds, both);
    const ratio = median(runs.map(({ echoed, predicted }) => predicted.perSecond / echoed.perSecond));
    const [predicted, echoed] = [middle(runs, (run) => run.predicted.perSecond), middle(runs, (run) => run.echoed.perSecond)];
    requireAll(runs.map((run) => run.predicted));
    return [
      row(
        "predict 10 x 10, isolation-forest, beside an echo",
        `${count(predicted)} of ${count(echoed)} requests/s: **${percent(ratio)}**`,
        "60 %",
        ratio >= 0.6,
      ),
    ];
  } finally {
    await Promise.all([ours.end(), echo.end()]);
  }
}

/** Rows a second and latency, compared with FastAPI and PyOD. */
export async function peerCase({ folder, seconds, rounds, python }: Plan): Promise<string[]> {
  const program = python();
  if (program === undefined) return [row("predict 1000 x 10 beside FastAPI and PyOD", "not run: no Python", "10x", false)];
  const [ours, peer] = [await startOurs(prepare(folder), noCache), await startPeer(program)];
  try {
    const id = await trainedDetector(ours, "isolation-forest", 10_000);
    await posted(`http://127.0.0.1:${peer.port}/train`, { algorithm: "isolation-forest", data: rowsOf(10_000, columnCount, 3) });
    const [own, theirs] = [predictBodies(id, 100, 1000, columnCount), predictBodies("isolation-forest", 100, 1000, columnCount)];
    const both = async () => ({
      ours: await load({ port: ours.port, path: "/detection/predict", bodies: own, seconds, connections: 4 }),
      peer: await load({ port: peer.port, path: "/predict", bodies: theirs, seconds, connections: 4 }),
    });
    await load({ port: ours.port, path: "/detection/predict", bodies: own, seconds: 1, connections: 4 });
    const runs = await repeated(rounds, both);
    requireAll(runs.flatMap((run) => [run.ours, run.peer]));
    const ratio = median(runs.map((run) => run.ours.perSecond / run.peer.perSecond));
    const perSecond = [middle(runs, (run) => run.ours.perSecond), middle(runs, (run) => run.peer.perSecond)].map((value) =>
      count(value * 1000),
    );
    const [p99, p50] = [middle(runs, (run) => run.ours.accepted.p99), middle(runs, (run) => run.peer.accepted.p50)];
    return [
      row(
        "predict 1000 x 10, isolation-forest, beside FastAPI and PyOD",
        `${perSecond[0]} and ${perSecond[1]} rows/s: **${ratio.toFixed(1)}x**`,
        "10x",
        ratio >= 10,
      ),
      row("the same: our p99 and the peer's p50", `${ms(p99)} and ${ms(p50)}`, "below", p99 < p50),
    ];
  } finally {
    await Promise.all([ours.end(), peer.end()]);
  }
}

/** Requests at twice the capacity, sent without waiting for answers. */
export async function overloadCase({ folder, seconds, rounds }: Plan): Promise<string[]> {
  const ours = await startOurs(prepare(folder), noCache);
  try {
    const id = await trainedDetector(ours, "isolation-forest", 10_000);
    const bodies = predictBodies(id, 200, 100, columnCount);
    const at = { port: ours.port, path: "/detection/predict", bodies, seconds } as const;
    await load({ ...at, seconds: 1, connections: 16 });
    const runs = await repeated(rounds, async () => {
      const capacity = (await load({ ...at, connections: 16 })).perSecond;
      const calm = await load({ ...at, connections: 200, ratePerSecond: capacity * 0.3 });
      const before = ours.residentBytes();
      const flooded = await load({ ...at, connections: 1000, ratePerSecond: capacity * 2 });
      return { capacity, calm, flooded, growthBytes: ours.residentBytes() - before };
    });
    const ratio = median(runs.map(({ calm, flooded }) => flooded.accepted.p99 / calm.accepted.p99));
    const [calm, flooded] = [middle(runs, (run) => run.calm.accepted.p99), middle(runs, (run) => run.flooded.accepted.p99)];
    const refused = middle(runs, (run) => run.flooded.refused.p99);
    const share = middle(runs, (run) => run.flooded.refused.count / (run.flooded.refused.count + run.flooded.accepted.count));
    const failed = runs.reduce((sum, run) => sum + run.flooded.failed, 0);
    const growth = middle(runs, (run) => run.growthBytes) / 2 ** 20;
    return [
      row(
        "twice the capacity, 100 x 10: p99 of accepted requests beside unloaded",
        `${ms(flooded)} and ${ms(calm)}: **${ratio.toFixed(1)}x**`,
        "3x",
        ratio <= 3,
      ),
      row(
        "the same: refused with 503 (p99 of the refusal)",
        `${percent(share)} of requests, ${ms(refused)}; ${failed} failed otherwise`,
        "50 ms",
        refused < 50 && failed === 0,
      ),
      row("the same: memory after less before", `${growth.toFixed(0)} MiB`, "flat", growth < 64),
    ];
  } finally {
    await ours.end();
  }
}

/** A thousand rows with knn, computed and from the cache. */
export async function cacheCase({ folder, rounds }: Plan): Promise<string[]> {
  const ours = await startOurs(prepare(folder));
  try {
    const id = await trainedDetector(ours, "knn", 20_000);
    const at = { port: ours.port, path: "/detection/predict" } as const;
    const [same, ...different] = predictBodies(id, 20 * rounds + 1, 1000, columnCount);
    await inTurn({ ...at, bodies: [same] });
    const uncached = await inTurn({ ...at, bodies: different });
    const cached = await inTurn({ ...at, bodies: different.map(() => same) });
    const ratio = median(uncached) / median(cached);
    return [
      row(
        "knn, 1000 x 10: computed and cached",
        `${ms(median(uncached))} and ${ms(median(cached))}: **${ratio.toFixed(1)}x**`,
        "5x",
        ratio >= 5,
      ),
    ];
  } finally {
    await ours.end();
  }
}

export async function trainCase({ folder, rounds }: Plan): Promise<string[]> {
  const ours = await startOurs(prepare(folder));
  try {
    const rows = rowsOf(100_000, columnCount, 5);
    const names = columnNames(columnCount);
    const csv = [names.join(","), ...rows.map((cells) => cells.join(","))].join("\n");
    const base = `http://127.0.0.1:${ours.port}`;
    const form = new FormData();
    form.append("file", new Blob([csv]), "rows.csv");
    const dataset = await asked(`${base}/api/datasets`, { method: "POST", body: form });
    const detector = await posted(`${base}/api/detectors`, { name: "bench", algorithm_name: "isolation-forest" });
    const trainOn = async (source: object) => {
      const start = performance.now();
      const trained = await posted(`${base}/detection/train`, { detector_id: detector["id"], ...source });
      return { elapsed: performance.now() - start, training: Number(trained["training_time_ms"]) };
    };
    const fromFile = await repeated(rounds, () => trainOn({ dataset_id: dataset["id"] }));
    const fromBody = await repeated(rounds, () => trainOn({ columns: names, data: rows }));
    return [["CSV data set", fromFile] as const, ["rows in the body", fromBody] as const].map(([name, runs]) => {
      const whole = middle(runs, (run) => run.elapsed);
      return row(
        `train isolation-forest on 100,000 x 10, ${name}`,
        `${ms(whole)} (training_time_ms ${middle(runs, (run) => run.training).toFixed(0)})`,
        "1 s",
        whole < 1000,
      );
    });
  } finally {
    await ours.end();
  }
}

/** Time from starting the process to the first good answer of /health/ready. */
export async function startCase({ folder, rounds }: Plan): Promise<string[]> {
  const first: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const place = prepare(join(folder, String(round)));
    for (const times of [first, later]) {
      const ours = await startOurs(place);
      times.push(ours.readyMs);
      await ours.end();
    }
  }
  const keeper = await startOurs(prepare(join(folder, "server")));
  const onServer: number[] = [];
  try {
    // Uses the database that runs already, which is the same as a server elsewhere, less the network.
    for (let round = 0; round < rounds; round++) {
      const ours = await startOurs(join(folder, "server"));
      onServer.push(ours.readyMs);
      await ours.end();
    }
  } finally {
    await keeper.end();
  }
  return [
    row("start to ready, embedded, first start", ms(median(first)), "2 s", median(first) < 2000),
    row("start to ready, embedded, later", ms(median(later)), "2 s", median(later) < 2000),
    row("start to ready on a running database", ms(median(onServer)), "1 s", median(onServer) < 1000),
  ];
}

/** The memory that a server of each size needs: the table of docs/deploy.md. */
export async function sizingCase({ folder, seconds }: Plan): Promise<string[]> {
  const ours = await startOurs(prepare(folder), noCache);
  try {
    const mib = () => `${Math.round(ours.residentBytes() / 2 ** 20)} MiB`;
    const lines = [`| started, idle | | ${mib()} |`];
    for (const [algorithm, trainingRows] of [
      ["isolation-forest", 10_000],
      ["ecod", 10_000],
      ["knn", 10_000],
    ] as const) {
      const id = await trainedDetector(ours, algorithm, trainingRows);
      for (const rowCount of [1, 10, 100, 1000]) {
        const bodies = predictBodies(id, Math.max(20, 2000 / rowCount), rowCount, columnCount);
        const at = { port: ours.port, path: "/detection/predict", bodies, connections: 8 } as const;
        await load({ ...at, seconds: seconds / 4 });
        const { perSecond, accepted } = await load({ ...at, seconds });
        const rate = `${count(perSecond)} requests/s, ${count(perSecond * rowCount)} rows/s, p99 ${ms(accepted.p99)}`;
        lines.push(`| predict ${rowCount} x ${columnCount}, ${algorithm} | ${rate} | ${mib()} |`);
      }
    }
    return lines;
  } finally {
    await ours.end();
  }
}

function prepare(folder: string): string {
  mkdirSync(folder, { recursive: true });
  // When root starts this, the database's user must enter the folders above its own.
  for (const path of [join(folder, ".."), folder]) chmodSync(path, 0o755);
  return folder;
}

async function trainedDetector(ours: Measured, algorithm: string, rowCount: number): Promise<string> {
  const base = `http://127.0.0.1:${ours.port}`;
  const detector = await posted(`${base}/api/detectors`, { name: "bench", algorithm_name: algorithm });
  const rows = rowsOf(rowCount, columnCount, 3);
  await posted(`${base}/detection/train`, { detector_id: detector["id"], columns: columnNames(columnCount), data: rows });
  return String(detector["id"]);
}

type Json = Readonly<Record<string, unknown>>;

function posted(url: string, body: unknown): Promise<Json> {
  return asked(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

async function asked(url: string, init: RequestInit): Promise<Json> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Json;
}

async function repeated<Value>(rounds: number, act: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let round = 0; round < rounds; round++) values.push(await act());
  return values;
}

function middle<Run>(runs: readonly Run[], valueOf: (run: Run) => number): number {
  return median(runs.map(valueOf));
}

function requireAll(outcomes: readonly LoadOutcome[]): void {
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed + outcome.refused.count, 0);
  if (failed > 0) throw new Error(`${failed} requests failed: the figures would mean nothing`);
}

function row(what: string, measured: string, wanted: string, isMet: boolean): string {
  return `| ${what} | ${measured} | ${wanted}, ${isMet ? "met" : "**missed**"} |`;
}

const count = (value: number): string => Math.round(value).toLocaleString("en");
const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
