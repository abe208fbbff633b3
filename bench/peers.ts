/**
 * `npm run bench:peers`: our detectors beside their Python peers, on the same rows, in turn, in one run.
 * Options: --only WORD (cases whose group or detector contains it), --runs N (default 3), --write (docs/benchmarks.md).
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { benchCases } from "./cases.ts";
import { generateValues, writeValues } from "./data.ts";
import type { Comparison } from "./measure.ts";
import { compare } from "./measure.ts";
import { preparePython } from "./python.ts";
import { comparisonLine, tableHead, writeComparisons } from "./tables.ts";

const root = resolve(import.meta.dirname, "..");
const threads = 2;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    runs: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
  },
});
await main();

async function main(): Promise<void> {
  const python = preparePython();
  const folder = mkdtempSync(join(tmpdir(), "nomaly-bench-"));
  const words = options.only.split(",");
  const chosen = benchCases.filter((one) => words.some((word) => `${one.group} ${one.detector}`.includes(word)));
  const comparisons: Comparison[] = [];
  console.log(tableHead());
  try {
    for (const benchCase of chosen) {
      const file = join(folder, `${benchCase.rowCount}x${benchCase.columnCount}.f64`);
      if (!existsSync(file)) writeValues(file, generateValues(benchCase.rowCount, benchCase.columnCount));
      const comparison = await compare(benchCase, file, { runCount: Number(options.runs), threads, python });
      comparisons.push(comparison);
      console.log(comparisonLine(comparison));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (options.write) writeComparisons(root, comparisons, { runCount: Number(options.runs), threads });
}
