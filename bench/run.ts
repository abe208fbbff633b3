/**
 * `npm run bench`: our side alone, every case once a run: median, spread, rows a second, peak memory.
 * Options: --only WORD, --runs N (default 5), --threads N (default 2).
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BenchCase } from "./cases.ts";
import { benchCases } from "./cases.ts";
import { generateValues, writeValues } from "./data.ts";
import type { Measurement } from "./measure.ts";
import { measureOurs, median, seconds } from "./measure.ts";
import { describeMachine } from "./tables.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
  },
});
const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "nomaly-bench-"));
console.log(describeMachine(root));
console.log(
  "| detector | rows x columns | fit s | score s | spread | rows a second | peak memory |\n| --- | --- | --- | --- | --- | --- | --- |",
);
try {
  for (const benchCase of withoutTwins(benchCases)) {
    if (!`${benchCase.group} ${benchCase.detector}`.includes(options.only)) continue;
    const file = join(folder, `${benchCase.rowCount}x${benchCase.columnCount}.f64`);
    if (!existsSync(file)) writeValues(file, generateValues(benchCase.rowCount, benchCase.columnCount));
    const runs: Measurement[] = [];
    for (let index = 0; index < Number(options.runs); index++)
      runs.push(await measureOurs(benchCase, file, Number(options.threads)));
    console.log(line(benchCase, runs));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A detector that is compared with two peers is measured once. */
function withoutTwins(cases: readonly BenchCase[]): BenchCase[] {
  const key = (one: BenchCase) => `${one.group} ${one.detector} ${one.columnCount}`;
  return cases.filter((one, index) => cases.findIndex((other) => key(other) === key(one)) === index);
}

function line(benchCase: BenchCase, runs: readonly Measurement[]): string {
  const totals = runs.map((one) => seconds(benchCase, one));
  const rate = benchCase.mode === "row" ? 1 / median(totals) : benchCase.rowCount / median(totals);
  const cells = [
    benchCase.detector,
    `${benchCase.rowCount.toLocaleString("en")} x ${benchCase.columnCount}`,
    median(runs.map((one) => one.fit)).toFixed(3),
    benchCase.mode === "row" ? `${(median(totals) * 1e6).toFixed(1)} us` : median(runs.map((one) => one.score)).toFixed(3),
    `${(Math.min(...totals) / median(totals)).toFixed(2)} to ${(Math.max(...totals) / median(totals)).toFixed(2)}`,
    Math.round(rate).toLocaleString("en"),
    `${Math.round(median(runs.map((one) => one.peakBytes)) / 1e6)} MB`,
  ];
  return `| ${cells.join(" | ")} |`;
}
