/** Which test files belong to which step of the check, and how a test run's report is counted. */

import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each group of skipped tests: which tests were skipped, and so what was not checked. */
  readonly skips: readonly string[];
}

/** The result of a step. For a group of tests, the seconds are the sum over its files. */
export interface Outcome extends Counts {
  readonly name: string;
  readonly seconds: number;
}

export interface TestGroup {
  readonly name: string;
  /** True where it uses the built packages, a browser or npm, not the sources alone. */
  readonly ofBuilt: boolean;
  /** Paths relative to the root. */
  readonly files: readonly string[];
}

/** The first pattern that matches takes the file; a file that none matches is a unit test. */
const patterns: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["browser", /\/test\/browser\//],
  ["pack", /pack\.test\.ts$/],
  ["published-types", /^packages\/detect\/test\/types\//],
  ["examples", /^examples\//],
  ["service", /^packages\/platform\/test\/(service|http|faults)\//],
  ["command-line", /^packages\/platform\/(test|src\/cli|src\/main)\//],
  ["conformance", /conformance/],
  ["parity", /parity/],
  ["accuracy", /accuracy/],
];
const sourceGroups = ["unit", "conformance", "parity", "accuracy"];
const builtGroups = ["command-line", "service", "pack", "published-types", "browser", "examples"];

/** What a line of the output begins with that tells of one file's end. */
export const fileLineStart = "file ended:";

/** Titles shown of one file's skipped tests. */
const skippedTitlesMax = 3;

/** Every test file in one group each, empty groups left out; `*.long.test.ts` only when `long`. */
export function testGroups(root: string, long: boolean): TestGroup[] {
  const files = ["packages", "tools", "bench", "examples"].flatMap((folder) => testFilesUnder(root, folder));
  const groups = new Map<string, string[]>([...sourceGroups, ...builtGroups].map((name) => [name, []]));
  for (const file of files) {
    if (!long && file.endsWith(".long.test.ts")) continue;
    const name = patterns.find(([, pattern]) => pattern.test(file))?.[0] ?? "unit";
    groups.get(name)?.push(file);
  }
  return [...groups]
    .filter(([, members]) => members.length > 0)
    .map(([name, members]) => ({ name, files: members, ofBuilt: builtGroups.includes(name) }));
}

function testFilesUnder(root: string, folder: string): string[] {
  const entries = readdirSync(root, { withFileTypes: true });
  if (!entries.some((entry) => entry.isDirectory() && entry.name === folder)) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".test.ts") && !/\/(node_modules|dist)\//.test(path))
    .sort();
}

interface FileReport {
  /** Absolute path. */
  readonly name: string;
  readonly status: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

/** Sums a vitest JSON report by group. A run that failed without saying where counts as one failure of its first group. */
export function countTests(report: unknown, groups: readonly TestGroup[], exitCode: number): Outcome[] {
  const files = (report as { testResults?: readonly FileReport[] } | undefined)?.testResults ?? [];
  const outcomes = groups.map(({ name, files: members }) => {
    const own = members.map((member) => files.find((file) => file.name.replaceAll("\\", "/").endsWith(`/${member}`)));
    const silent = members.filter(
      (_, index) => (own[index]?.assertionResults.length ?? 0) === 0 && own[index]?.status !== "failed",
    );
    const sums = sumFiles(own.filter((file) => file !== undefined));
    if (exitCode !== 0 && files.length === 0) return { name, ...sums };
    return { name, ...sums, skipped: sums.skipped + silent.length, skips: [...sums.skips, ...silent.map(describeSilence)] };
  });
  if (exitCode !== 0 && outcomes.every(({ failed }) => failed === 0)) outcomes[0] = { ...outcomes[0], failed: 1 };
  return outcomes;
}

export interface FileSeconds {
  /** Path relative to the root. */
  readonly file: string;
  readonly seconds: number;
}

/** How long each file of the groups took in a run. */
export function fileSeconds(report: unknown, groups: readonly TestGroup[]): FileSeconds[] {
  const reports = (report as { testResults?: readonly FileReport[] } | undefined)?.testResults ?? [];
  return groups.flatMap(({ files }) =>
    files.flatMap((file) => {
      const own = reports.find(({ name }) => name.replaceAll("\\", "/").endsWith(`/${file}`));
      return own === undefined ? [] : [{ file, seconds: Math.max(0, own.endTime - own.startTime) / 1000 }];
    }),
  );
}

/** A file that could not run counts as one failure. */
function sumFiles(files: readonly FileReport[]): Counts & { readonly seconds: number } {
  const counts = { passed: 0, failed: 0, skipped: 0, seconds: 0 };
  const skips: string[] = [];
  for (const { name, status, startTime, endTime, assertionResults } of files) {
    const skippedHere = assertionResults.filter((test) => !["passed", "failed"].includes(test.status));
    const failedHere = assertionResults.filter((test) => test.status === "failed").length;
    counts.passed += assertionResults.filter((test) => test.status === "passed").length;
    counts.failed += status === "failed" ? Math.max(1, failedHere) : failedHere;
    counts.skipped += skippedHere.length;
    counts.seconds += Math.max(0, endTime - startTime) / 1000;
    if (skippedHere.length > 0) skips.push(describeSkips(name, skippedHere));
  }
  return { ...counts, skips };
}

/** A file whose tests all need something missing here reports no test. */
function describeSilence(file: string): string {
  return `${file.split("/").at(-1)}: no test of it can run here`;
}

function describeSkips(file: string, tests: readonly { readonly fullName: string }[]): string {
  const titles = tests.slice(0, skippedTitlesMax).map(({ fullName }) => fullName.trim());
  const rest = tests.length > titles.length ? ` and ${tests.length - titles.length} more` : "";
  return `${file.split(/[\\/]/).at(-1)}: ${titles.join("; ")}${rest}`;
}
