/**
 * Runs the tests of faults and bad input and writes docs/reliability.md, a line for each. The tests' names are the page's text:
 * what is done to the service, a colon, what is checked. `--long` adds the long forms; `--keep FILE` reads an earlier report.
 */

import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { describeMachine } from "../bench/tables.ts";

const root = resolve(import.meta.dirname, "..");

interface Section {
  readonly title: string;
  readonly files: readonly string[];
}

const platform = "packages/platform";
const sections: readonly Section[] = [
  { title: "Faults of a running service", files: [`${platform}/test/faults-*.test.ts`] },
  {
    title: "Attacks",
    files: [
      `${platform}/test/service/service-attack*.test.ts`,
      `${platform}/test/command/command-attack.test.ts`,
      `${platform}/test/command/damaged-files*.test.ts`,
    ],
  },
  { title: "Bad input", files: [`${platform}/test/http/http-bad-input.test.ts`, `${platform}/test/http/http-fuzz*.test.ts`] },
  { title: "Faults between client and service", files: [`${platform}/test/service/service-client-faults.test.ts`] },
  {
    title: "Faults of its parts",
    files: [
      `${platform}/src/cache/**/{redis-faults,cache-races}.test.ts`,
      `${platform}/src/jobs/queue*.test.ts`,
      `${platform}/src/store/*/{open-database,notifications,replica,migrate}.test.ts`,
      `${platform}/src/store/embedded/start-embedded.test.ts`,
      `${platform}/src/compute/**/{compute-faults,worker-pool}.test.ts`,
    ],
  },
];

interface TestReport {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly duration?: number | null;
  readonly meta?: { readonly seen?: string };
}

interface FileReport {
  /** Absolute path. */
  readonly name: string;
  readonly assertionResults: readonly TestReport[];
}

function main(): void {
  const isLong = process.argv.includes("--long");
  const kept = process.argv[process.argv.indexOf("--keep") + 1];
  const isKept = process.argv.includes("--keep") && kept !== undefined;
  const folder = mkdtempSync(join(tmpdir(), "nomaly-reliability-"));
  const reportFile = isKept ? resolve(kept) : join(folder, "report.json");
  if (!isKept) runTests(reportFile, isLong);
  const { testResults } = JSON.parse(readFileSync(reportFile, "utf8")) as { testResults: readonly FileReport[] };
  writeFileSync(join(root, "docs/reliability.md"), page(testResults, isLong));
  rmSync(folder, { recursive: true, force: true });
  const statuses = testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const failedCount = statuses.filter((status) => status === "failed").length;
  console.log(`docs/reliability.md: ${statuses.length} tests, ${failedCount} failed`);
  process.exitCode = failedCount === 0 ? 0 : 1;
}

/** One file after the other: a fault in one must not slow another down. */
function runTests(reportFile: string, isLong: boolean): void {
  const files = sections.flatMap((section) => filesOf(section, isLong));
  const options = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, "--no-file-parallelism"];
  spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", ...options, ...files], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...(isLong ? { NOMALY_LONG: "1" } : {}) },
  });
  if (!existsSync(reportFile)) throw new Error("the tests gave no report");
}

function filesOf({ files }: Section, isLong: boolean): string[] {
  const found = globSync([...files], { cwd: root }).toSorted();
  return found.filter((file) => isLong || !file.endsWith(".long.test.ts"));
}

function page(reports: readonly FileReport[], isLong: boolean): string {
  const lines = [
    "# Reliability",
    "",
    "Each line is a test: what it does to the service, what it then checks, and its result. All but the long ones run in",
    "`npm test`. Real servers are killed, stopped, cut off and filled; random tests print their seed, and `NOMALY_FAULT_SEED` repeats it.",
    "",
    `\`npm run reliability${isLong ? " -- --long" : ""}\` on ${describeMachine(root)}.`,
    "",
  ];
  for (const section of sections) lines.push(...sectionLines(section, reports, isLong));
  lines.push(...mutationLines());
  return `${lines.join("\n").trimEnd()}\n`;
}

/** The section on `npm run mutate -- --keep`: how many small faults in the source the tests notice. */
function mutationLines(): string[] {
  const file = join(root, "docs/mutation.json");
  if (!existsSync(file)) return [];
  const figure = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, string | number>>;
  const { possibleCount, ranCount, killedCount, command, machine } = figure;
  const share = ((100 * Number(killedCount)) / Number(ranCount)).toFixed(0);
  return [
    "## Faults in the source",
    "",
    `Of ${possibleCount} small faults that can be put into the sources (a comparison turned round, a limit one off, a statement left out),`,
    `${ranCount} were put in one at a time; the tests nearest to the source noticed ${killedCount} of them (${share} %). Some of the others change`,
    "nothing that can be seen.",
    "",
    `\`${command}\` on ${machine}.`,
    "",
  ];
}

function sectionLines(section: Section, reports: readonly FileReport[], isLong: boolean): string[] {
  const lines = [`## ${section.title}`, "", "| done | checked | result | seconds |", "| --- | --- | --- | ---: |"];
  for (const file of filesOf(section, isLong)) {
    const report = reports.find(({ name }) => relative(root, name).replaceAll("\\", "/") === file);
    for (const test of report?.assertionResults ?? []) lines.push(testLine(test));
  }
  return [...lines, ""];
}

function testLine({ ancestorTitles, title, status, duration, meta }: TestReport): string {
  const [done, checked] = splitName(ancestorTitles, title);
  const seen = meta?.seen === undefined ? "" : `: ${meta.seen}`;
  const result = `${status === "passed" ? "passed" : status === "failed" ? "**failed**" : "not run"}${seen}`;
  const seconds = typeof duration === "number" ? (duration / 1000).toFixed(1) : "";
  return `| ${[done, checked, result, seconds].map(cell).join(" | ")} |`;
}

/** Splits a name at its colon; a name without one continues that of its group. */
function splitName(groups: readonly string[], title: string): readonly [string, string] {
  const colon = title.indexOf(": ");
  if (colon > 0) return [title.slice(0, colon), title.slice(colon + 2)];
  return [groups.filter(Boolean).join(", "), title];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

main();
