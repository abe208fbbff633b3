/**
 * `npm run bench:load`: the generator of `nomaly loadtest`. How many requests a second one core sends to a server that does nothing, and its p99 beside that
 * of vegeta (on the PATH, or the program that NOMALY_VEGETA names) at the same rate. Options: --seconds N a measurement (default 5), --rounds N
 * (default 5), --rate N requests a second beside vegeta (default 500), --write (docs/benchmarks.md).
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { median } from "./measure.ts";
import { predictBodies } from "./service/bodies.ts";
import { load } from "./service/load.ts";
import { startBare, startEcho } from "./service/processes.ts";
import { describeMachine, writeSection } from "./tables.ts";

const root = resolve(import.meta.dirname, "..");
const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "5" },
    rate: { type: "string", default: "500" },
    write: { type: "boolean", default: false },
  },
});
const [seconds, rounds, ratePerSecond] = [options.seconds, options.rounds, options.rate].map(Number);
const connections = 50;
const warmUpSeconds = 1;
/** Ten rows of ten columns. */
const bodies = predictBodies("0197a3f0-0000-7000-8000-000000000000", 1000, 10, 10);
const vegeta = process.env["NOMALY_VEGETA"] ?? "vegeta";

const head = ["| what | measured | wanted |", "| --- | --- | --- |"];
const lines = [...(await capacityLines()), ...(await vegetaLines())];
console.log([...head, ...lines].join("\n"));
if (options.write) {
  const how = `\`npm run bench:load -- --seconds ${seconds} --rounds ${rounds} --rate ${ratePerSecond} --write\` on ${describeMachine(root)};`;
  const text = [how, "server and generator share the cores; medians of the rounds, in turn.", "", ...head, ...lines, ""];
  writeSection({ root, file: "docs/benchmarks.md", name: "load" }, text.join("\n"));
}

async function capacityLines(): Promise<string[]> {
  const server = await startBare();
  try {
    const at = { port: server.port, path: "/echo", bodies, connections };
    await load({ ...at, seconds: warmUpSeconds });
    const rates: number[] = [];
    const costs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = process.cpuUsage();
      const { perSecond, accepted } = await load({ ...at, seconds });
      const { user, system } = process.cpuUsage(before);
      rates.push(perSecond);
      costs.push((user + system) / accepted.count);
    }
    const [rate, cost] = [median(rates), median(costs)];
    const words = `${count(rate)} requests/s; ${cost.toFixed(1)} µs of CPU each, so ${count(1e6 / cost)} on a core of its own`;
    return [
      line(`requests of 10 x 10 to a server that does nothing, ${connections} connections`, words, "20,000", rate >= 20_000),
    ];
  } finally {
    await server.end();
  }
}

async function vegetaLines(): Promise<string[]> {
  const what = `p99 at ${count(ratePerSecond)} requests/s to an echo, beside vegeta`;
  if (!hasVegeta()) return [`| ${what} | not run: there is no vegeta | within 10 % | |`];
  const folder = mkdtempSync(join(tmpdir(), "nomaly-bench-"));
  const server = await startEcho();
  try {
    const ours = async (duration: number) =>
      (await load({ port: server.port, path: "/echo", bodies, connections, seconds: duration, ratePerSecond })).accepted.p99;
    const theirs = (duration: number) => vegetaP99(folder, server.port, duration);
    await ours(warmUpSeconds);
    theirs(warmUpSeconds);
    const pairs: (readonly [ours: number, theirs: number])[] = [];
    // The first of each pair changes, so that neither always meets the calmer machine.
    for (let round = 0; round < rounds; round++) {
      const first = round % 2 === 0 ? await ours(seconds) : undefined;
      const peer = theirs(seconds);
      pairs.push([first ?? (await ours(seconds)), peer]);
    }
    const ratio = median(pairs.map(([own, peer]) => own / peer));
    const shown = pairs.map(([own, peer]) => `${own.toFixed(2)} and ${peer.toFixed(2)}`).join("; ");
    return [
      line(what, `${ratio.toFixed(2)}x in the median of the pairs (ms: ${shown})`, "0.9 to 1.1", Math.abs(ratio - 1) <= 0.1),
    ];
  } finally {
    await server.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function hasVegeta(): boolean {
  try {
    execFileSync(vegeta, ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    // Not installed, which the table says.
    return false;
  }
}

/** Runs while this process waits, so that both generators have the same cores. */
function vegetaP99(folder: string, port: number, duration: number): number {
  const [body, targets, results] = ["body.json", "targets.txt", "results.bin"].map((name) => join(folder, name));
  writeFileSync(body, bodies[0]);
  writeFileSync(targets, `POST http://127.0.0.1:${port}/echo\nContent-Type: application/json\n@${body}\n`);
  const attack = ["attack", `-rate=${ratePerSecond}`, `-duration=${duration}s`, `-targets=${targets}`, `-output=${results}`];
  execFileSync(vegeta, [...attack, `-workers=${connections}`]);
  const report = JSON.parse(execFileSync(vegeta, ["report", "-type=json", results], { encoding: "utf8" })) as {
    readonly latencies: Readonly<Record<string, number>>;
    readonly success: number;
  };
  if (report.success < 1) throw new Error("vegeta's requests failed: the figures would mean nothing");
  return report.latencies["99th"] / 1e6;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function line(what: string, measured: string, wanted: string, isMet: boolean): string {
  return `| ${what} | ${measured} | ${wanted}, ${isMet ? "met" : "**missed**"} |`;
}
