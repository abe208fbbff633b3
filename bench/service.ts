/**
 * `npm run bench:service`: the service under load on loopback, beside an echo of the same web framework and beside the Python peer.
 * Every part is bounded and stops by itself. Options: --only WORD, --seconds N a measurement (default 5), --rounds N (default 3),
 * --write (docs/benchmarks.md).
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { preparePython } from "./python.ts";
import { cacheCase, echoCase, overloadCase, peerCase, startCase, trainCase } from "./service/cases.ts";
import { describeMachine, writeSection } from "./tables.ts";

const root = resolve(import.meta.dirname, "..");
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
  },
});

const cases = { echo: echoCase, peer: peerCase, overload: overloadCase, cache: cacheCase, train: trainCase, start: startCase };

const folder = mkdtempSync(join(tmpdir(), "nomaly-bench-"));
try {
  const head = ["| what | measured | wanted |", "| --- | --- | --- |"];
  const lines: string[] = [];
  console.log(head.join("\n"));
  for (const [name, run] of Object.entries(cases)) {
    if (!name.includes(options.only)) continue;
    const plan = {
      folder: join(folder, name),
      seconds: Number(options.seconds),
      rounds: Number(options.rounds),
      python: preparePython,
    };
    for (const line of await run(plan)) {
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
  if (options.write) writeSection(root, "service", text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
