/** Which test files belong to which step of the check, and what a test run's report counts to. */

import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each group of skipped tests: which, and so what is missing. */
  readonly skips: readonly string[];
}

export interface TestGroup {
  readonly name: string;
  /** Relative to the root. */
  readonly files: readonly string[];
}

/** The first pattern that fits takes the file; what fits none is a unit test. */
const patterns: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["browser", /\/test\/browser\//],
  ["pack", /pack\.test\.ts$/],
  ["examples", /^examples\//],
  ["command-line", /^packages\/platform\/(test|src\/cli|src\/main)\//],
  ["conformance", /conformance/],
  ["parity", /parity/],
  ["accuracy", /accuracy/],
];
const order = ["unit", "conformance", "parity", "accuracy", "command-line", "pack", "browser", "examples"];

/** Titles shown of one file's skipped tests. */
const skippedTitlesMax = 3;

/** Every test file in one group each, empty groups left out; `*.long.test.ts` only when `long`. */
export function testGroups(root: string, long: boolean): TestGroup[] {
  const files = ["packages", "tools", "bench", "examples"].flatMap((folder) => testFilesUnder(root, folder));
  const groups = new Map<string, string[]>(order.map((name) => [name, []]));
  for (const file of files) {
    if (!long && file.endsWith(".long.test.ts")) continue;
    const name = patterns.find(([, pattern]) => pattern.test(file))?.[0] ?? "unit";
    groups.get(name)?.push(file);
  }
  return [...groups].filter(([, members]) => members.length > 0).map(([name, members]) => ({ name, files: members }));
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
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

/** Sums a vitest JSON report. A file that could not run, or a run that failed without saying where, counts as one failure. */
export function countTests(report: unknown, exitCode: number): Counts {
  const files = (report as { testResults?: readonly FileReport[] } | undefined)?.testResults ?? [];
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const skips: string[] = [];
  for (const file of files) {
    const skippedHere = file.assertionResults.filter(({ status }) => !["passed", "failed"].includes(status));
    passed += file.assertionResults.filter(({ status }) => status === "passed").length;
    failed += file.assertionResults.filter(({ status }) => status === "failed").length;
    skipped += skippedHere.length;
    if (file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed")) failed += 1;
    if (skippedHere.length > 0) skips.push(describeSkips(file.name, skippedHere));
  }
  if (exitCode !== 0 && failed === 0) failed = 1;
  return { passed, failed, skipped, skips };
}

function describeSkips(file: string, tests: readonly { readonly fullName: string }[]): string {
  const titles = tests.slice(0, skippedTitlesMax).map(({ fullName }) => fullName.trim());
  const rest = tests.length > titles.length ? ` and ${tests.length - titles.length} more` : "";
  return `${file.split(/[\\/]/).at(-1)}: ${titles.join("; ")}${rest}`;
}
