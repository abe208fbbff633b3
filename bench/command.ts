/**
 * `npm run bench:command`: the built `nomaly` command as a whole process: start, a small CSV, a large Parquet file.
 * Options: --runs N (default 5), --rows N of the large file (default 10,000,000), --write (docs/benchmarks.md).
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openDuckDb } from "../packages/platform/src/files/duckdb/database.ts";
import { generateValues } from "./data.ts";
import { median } from "./measure.ts";
import { describeMachine, writeSection } from "./tables.ts";

const root = resolve(import.meta.dirname, "..");
const program = join(root, "packages/platform/bin/nomaly.js");
const usageModule = join(import.meta.dirname, "report-usage.js");
const columnCount = 10;

interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    rows: { type: "string", default: "10000000" },
    write: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "nomaly-bench-"));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const small = join(folder, "small.csv");
  const large = join(folder, "large.parquet");
  const model = join(folder, "large.nomaly");
  const forest = ["-a", "isolation-forest"];
  writeCsv(small, 10_000);
  await writeParquet(large, Number(options.rows));
  const rowCount = Number(options.rows).toLocaleString("en");
  const lines = [
    "| command | seconds (min to max) | processor seconds | peak memory | wanted |",
    "| --- | --- | --- | --- | --- |",
    line("nomaly --help", ["--help"], "150 ms"),
    line("nomaly detect, 10,000 x 10 CSV", ["detect", small], "1.5 s"),
    line("nomaly detect -a isolation-forest, 10,000 x 10 CSV", ["detect", small, ...forest], "1 s"),
    line(`nomaly fit -a isolation-forest, ${rowCount} x 10 Parquet`, ["fit", large, "-m", model, ...forest], ""),
    line(`nomaly score, ${rowCount} x 10 Parquet`, ["score", large, "-m", model, "-o", join(folder, "scored.parquet")], "1 GiB"),
    line(`nomaly detect -a isolation-forest, ${rowCount} x 10 Parquet`, ["detect", large, ...forest], ""),
  ];
  const text = [
    `\`npm run bench:command -- --runs ${options.runs} --write\` on ${describeMachine(root)}; whole processes, medians.`,
    "",
    ...lines,
    "",
  ].join("\n");
  console.log(text);
  if (options.write) writeSection({ root, file: "docs/benchmarks.md", name: "command" }, text);
}

function line(name: string, args: readonly string[], wanted: string): string {
  const runs = Array.from({ length: Number(options.runs) }, () => measure(args));
  const seconds = runs.map((run) => run.seconds);
  const cells = [
    name,
    `${median(seconds).toFixed(2)} (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)})`,
    median(runs.map((run) => run.cpuSeconds)).toFixed(2),
    `${Math.round(median(runs.map((run) => run.peakBytes)) / 2 ** 20)} MiB`,
    wanted,
  ];
  return `| ${cells.join(" | ")} |`;
}

function measure(args: readonly string[]): Usage {
  const usageFile = join(folder, "usage.json");
  const start = performance.now();
  const result = spawnSync(process.execPath, ["--import", usageModule, program, ...args], {
    env: { ...process.env, NOMALY_USAGE_FILE: usageFile },
    encoding: "utf8",
  });
  const seconds = (performance.now() - start) / 1000;
  if (result.status !== 0) throw new Error(`nomaly ${args.join(" ")} ended with ${String(result.status)}: ${result.stderr}`);
  return { seconds, ...(JSON.parse(readFileSync(usageFile, "utf8")) as Omit<Usage, "seconds">) };
}

function writeCsv(file: string, rowCount: number): void {
  const values = generateValues(rowCount, columnCount);
  const lines = [Array.from({ length: columnCount }, (_, column) => `x${column}`).join(",")];
  for (let row = 0; row < rowCount; row++) lines.push(values.subarray(row * columnCount, (row + 1) * columnCount).join(","));
  writeFileSync(file, `${lines.join("\n")}\n`);
}

async function writeParquet(file: string, rowCount: number): Promise<void> {
  const { signal } = new AbortController();
  const database = await openDuckDb({ threadCount: 2, temporaryFolder: folder, signal });
  const columns = Array.from({ length: columnCount }, (_, column) => `random() + random() + random() AS x${column}`).join(", ");
  await database.run(`COPY (SELECT ${columns} FROM range(${rowCount})) TO '${file}' (FORMAT parquet)`);
  database.close();
}
