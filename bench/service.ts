/**
 * `npm run bench:service`: the service under load on loopback, beside an echo of the same web framework and beside the Python peer.
 * Every part is bounded and stops by itself. Options: --only WORD, --seconds N a measurement (default 5), --rounds N (default 3),
 * --write (docs/benchmarks.md), --sizing (only the table of docs/deploy.md).
 */

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { preparePython } from "./python.ts";
import { cacheCase, echoCase, overloadCase, peerCase, sizingCase, startCase, trainCase } from "./service/cases.ts";
import { describeMachine, writeSection } from "./tables.ts";

const root = resolve(import.meta.dirname, "..");
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
    sizing: { type: "boolean", default: false },
  },
});

const cases = { echo: echoCase, peer: peerCase, overload: overloadCase, cache: cacheCase, train: trainCase, start: startCase };

const folder = mkdtempSync(join(tmpdir(), "nomaly-bench-"));
// When root starts this, the database runs as another user, who must enter this folder to reach its own.
chmodSync(folder, 0o755);
const plan = (name: string) => ({
  folder: join(folder, name),
  seconds: Number(options.seconds),
  rounds: Number(options.rounds),
  python: preparePython,
});
try {
  if (options.sizing) await measureSizes();
  else await measureTargets();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measureTargets(): Promise<void> {
  const head = ["| what | measured | wanted |", "| --- | --- | --- |"];
  const lines: string[] = [];
  console.log(head.join("\n"));
  for (const [name, run] of Object.entries(cases)) {
    if (!name.includes(options.only)) continue;
    for (const line of await run(plan(name))) {
      lines.push(line);
      console.log(line);
    }
  }
  const how = `\`npm run bench:service -- --seconds ${options.seconds} --rounds ${options.rounds} --write\` on ${describeMachine(root)};`;
  const text = [
    how,
    "server and load generator share the cores; medians of the rounds, in turn.",
    "",
    ...head,
    ...lines,
    "",
  ].join("\n");
  if (options.write) writeSection({ root, file: "docs/benchmarks.md", name: "service" }, text);
}

async function measureSizes(): Promise<void> {
  const head = ["| what | served | resident memory afterwards |", "| --- | --- | --- |"];
  const lines = await sizingCase(plan("sizing"));
  const how = `\`npm run bench:service -- --sizing --seconds ${options.seconds} --write\` on ${describeMachine(root)};`;
  const text = [
    how,
    "one server process with the load generator on the same cores, its cache too small to help, models of 10,000 x 10.",
    "",
    ...head,
    ...lines,
    "",
  ].join("\n");
  console.log(text);
  if (options.write) writeSection({ root, file: "docs/deploy.md", name: "sizing" }, text);
}
