/** `npm start`: serves with a demo data set and a trained detector, made at the first start, and says how to ask it. */

import { spawn } from "node:child_process";
import { openAsBlob, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "./build.ts";

const root = resolve(import.meta.dirname, "..");
const detectorName = "cars demo";

interface Named {
  readonly id: string;
  readonly name: string;
  readonly is_fitted?: boolean;
}

async function main(): Promise<void> {
  if (!(await build())) {
    process.exitCode = 1;
    return;
  }
  const program = join(root, "packages/platform/bin/nomaly.js");
  const port = process.env["NOMALY_PORT"] ?? "8080";
  const words = ["serve", "--data-dir", dataFolder(), "--port", port, "--log-level", process.env["NOMALY_LOG_LEVEL"] ?? "warn"];
  // In a group of its own: Ctrl-C goes to a whole group, and the server takes the same signal twice for "at once".
  const detached = process.platform !== "win32";
  const server = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "inherit"], detached });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => server.kill(signal));
  endWithParent(() => server.kill("SIGTERM"));
  server.on("exit", (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal !== null)
      console.error(`nomaly was ended by ${signal}; a PostgreSQL of its own runs on, and the next start goes on with it`);
  });
  let said = "";
  for await (const chunk of server.stdout) {
    const text = String(chunk);
    process.stdout.write(text);
    said += text;
    const url = /nomaly serves (\S+)/.exec(said)?.[1];
    if (url === undefined) continue;
    said = "";
    await prepare(url);
  }
}

/** When npm is told to stop, it stops the shell between it and this program, which passes no signal on. */
function endWithParent(end: () => void): void {
  if (process.env["npm_lifecycle_event"] !== "start") return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    end();
  }, parentLookMs);
  look.unref();
}

const parentLookMs = 250;

/** When root starts it, PostgreSQL runs as another user, who may not enter a closed folder such as root's home. */
function dataFolder(): string {
  const inClone = join(root, "out/service");
  const isForRoot = process.getuid?.() === 0 && isBelowClosed(root);
  return process.env["NOMALY_DATA_DIR"] ?? (isForRoot ? "/var/lib/nomaly-demo" : inClone);
}

function isBelowClosed(path: string): boolean {
  const othersPass = 0o001;
  const parent = dirname(path);
  return (statSync(path).mode & othersPass) === 0 || (parent !== path && isBelowClosed(parent));
}

async function prepare(url: string): Promise<void> {
  const { items } = await asked<{ items: readonly Named[] }>(`${url}/api/detectors?limit=1000`);
  const known = items.find(({ name, is_fitted: isFitted }) => name === detectorName && isFitted === true);
  const detector = known ?? (await trainDemo(url));
  const row = { miles_per_gallon: 14, cylinders: 8, displacement: 454, horsepower: 220, weight_lbs: 4354, seconds_to_60: 9 };
  const body = JSON.stringify({ detector_id: detector.id, data: [{ ...row, model_year: 1970, origin: "USA" }], explain: true });
  console.log(`\nThe dashboard is at ${url}/. For ten minutes, a request a second gives it something to show.`);
  console.log(`\nThe detector "${detectorName}" is trained. Ask it about a car:\n`);
  console.log(`curl -s ${url}/api/detection/predict -H 'content-type: application/json' -d '${body}'\n`);
  sendTraffic(url, detector.id, row);
}

const trafficMs = 10 * 60_000;

/** Asks about a car each second, now and then about one that is unusual. */
function sendTraffic(url: string, detectorId: string, row: Readonly<Record<string, number>>): void {
  let count = 0;
  const timer = setInterval(() => {
    count++;
    const horsepower = count % 20 === 0 ? 400 : 80 + ((count * 37) % 90);
    const car = { ...row, horsepower, weight_lbs: 2000 + horsepower * 12, model_year: 1975, origin: "USA" };
    // The service may be stopping.
    asked(`${url}/api/detection/predict`, posted({ detector_id: detectorId, data: [car] })).catch(() => clearInterval(timer));
  }, 1000);
  timer.unref();
  setTimeout(() => clearInterval(timer), trafficMs).unref();
}

async function trainDemo(url: string): Promise<Named> {
  const file = join(root, "fixtures/cars.csv");
  const form = new FormData();
  form.append("file", await openAsBlob(file), basename(file));
  const dataset = await asked<Named>(`${url}/api/datasets`, { method: "POST", body: form });
  const detector = await asked<Named>(`${url}/api/detectors`, posted({ name: detectorName, contamination: 0.05 }));
  await asked(`${url}/api/detection/train`, posted({ detector_id: detector.id, dataset_id: dataset.id }));
  return detector;
}

function posted(body: unknown): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

async function asked<Answer>(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

await main();
