/**
 * The whole check of the project: runs every step, goes on after a failing one, ends with the count line. `--long` adds the long forms,
 * and the store's tests on a PostgreSQL of Debian's where one is installed.
 */

import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { closedFolderOutcomes } from "./ci/ci-closed.ts";
import { outputCharsMax, runCommand } from "./ci/ci-command.ts";
import { startCheckDatabase } from "./ci/ci-database.ts";
import {
  countTests,
  type Counts,
  fileLineStart,
  type FileSeconds,
  fileSeconds,
  type Outcome,
  type TestGroup,
  testGroups,
} from "./ci/ci-tests.ts";

const root = resolve(import.meta.dirname, "..");
const isLong = process.argv.includes("--long");
/** A step that takes longer than this is stopped and has failed. */
const stepMsMax = 30 * 60_000;
const longStepMsMax = 180 * 60_000;
/** Vitest's own choice, but never one file after the other. */
const filesAtOnce = Math.max(2, availableParallelism() - 1);
/** The tests of the built packages mostly wait for servers, limits of time and a browser. */
const waitingFilesAtOnce = filesAtOnce + 1;
const fileReporter = join(root, "tools/ci/file-reporter.ts");
/** Shown at the end. */
const slowFileCount = 10;

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** For a test run: its groups, and where its report is written. A step without counts as one test. */
  readonly tests?: { readonly groups: readonly TestGroup[]; readonly reportFile: string };
  readonly env?: Readonly<Record<string, string>>;
}

const fileTimes: FileSeconds[] = [];

async function main(): Promise<void> {
  const start = performance.now();
  const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  const isWanted = (name: string) => only.length === 0 || only.includes(name);
  const reports = mkdtempSync(join(tmpdir(), "nomaly-ci-"));
  const outcomes: Outcome[] = [];
  const [builds, checks] = checkSteps().map((steps) => steps.filter(({ name }) => isWanted(name)));
  for (const step of builds) outcomes.push(...(await runStep(step)));
  outcomes.push(...(await Promise.all(checks.map(runStep))).flat());
  for (const step of testSteps(reports, isWanted)) outcomes.push(...(await runStep(step)));
  if (isWanted("closed-folder")) outcomes.push(...(await runClosedFolder()));
  if (isLong && isWanted("postgres")) outcomes.push(...(await runOnInstalledPostgres(reports)));
  rmSync(reports, { recursive: true, force: true });
  printSlowFiles();
  printSummary(outcomes, (performance.now() - start) / 1000);
}

/** The steps other than tests, each of which counts as one: the build, then those that run side by side. */
function checkSteps(): readonly [readonly Step[], readonly Step[]] {
  const sources = ["packages", "tools", "bench", "examples", "fixtures"].filter((folder) => existsSync(join(root, folder)));
  const build = { name: "build", command: ["node", "tools/build.ts"] };
  const checks = [
    { name: "format", command: ["oxfmt", "--check", ...sources] },
    { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings", ...sources] },
    { name: "types", command: ["tsc", "-p", "tsconfig.json"] },
    { name: "types-web", command: ["tsc", "-p", "packages/detect/tsconfig.web.json"] },
    { name: "types-page", command: ["tsc", "-p", "packages/dashboard/tsconfig.json"] },
    { name: "layers", command: ["node", "tools/layers.ts"] },
    { name: "tidy", command: ["node", "tools/tidy.ts"] },
    { name: "docs", command: ["node", "--conditions=source", "tools/docs.ts", "--check"] },
    { name: "dead-code", command: ["knip"] },
  ];
  return [[build], checks];
}

/** Two runs: the sources' tests together, so that they share the cores, then those that use the built packages. */
function testSteps(reports: string, isWanted: (name: string) => boolean): Step[] {
  const groups = testGroups(root, isLong).filter(({ name }) => isWanted(name));
  const runs = [
    { members: groups.filter(({ ofBuilt }) => !ofBuilt), atOnce: filesAtOnce },
    { members: groups.filter(({ ofBuilt }) => ofBuilt), atOnce: waitingFilesAtOnce },
  ];
  return runs.flatMap(({ members, atOnce }, index) =>
    members.length === 0 ? [] : [testStep(members, join(reports, `${index}.json`), atOnce)],
  );
}

function testStep(groups: readonly TestGroup[], reportFile: string, atOnce: number): Step {
  const reporters = ["--reporter=default", `--reporter=${fileReporter}`, "--reporter=json", `--outputFile.json=${reportFile}`];
  const files = groups.flatMap((group) => group.files);
  const command = ["vitest", "run", `--maxWorkers=${atOnce}`, ...reporters, ...files];
  return { name: "tests", command, tests: { groups, reportFile } };
}

async function runClosedFolder(): Promise<Outcome[]> {
  const outcomes = await closedFolderOutcomes(root);
  for (const outcome of outcomes) {
    printOutcome(outcome, true);
    if (outcome.failed > 0) console.log(indent(stripVTControlCharacters(outcome.output)));
  }
  return outcomes;
}

/** The store's tests once more, on the newest server that Debian's packages have installed here. */
function runOnInstalledPostgres(reports: string): Promise<Outcome[]> {
  const version = (path: string) => Number(path.split("/").at(-3));
  const [newest] = globSync("/usr/lib/postgresql/*/bin/initdb").toSorted((a, b) => version(b) - version(a));
  if (newest === undefined) {
    const skips = ["the store's tests on a PostgreSQL of Debian's: none in /usr/lib/postgresql (apt-get install postgresql)"];
    const outcome = { name: "postgres", passed: 0, failed: 0, skipped: 1, skips, seconds: 0 };
    printOutcome(outcome, true);
    return Promise.resolve([outcome]);
  }
  const files = globSync("packages/platform/src/store/{postgres,tables,schema}/*.test.ts", { cwd: root }).toSorted();
  const group = { name: `postgres-${version(newest)}`, files, ofBuilt: false };
  const step = testStep([group], join(reports, "postgres.json"), 1);
  return runStep({ ...step, env: { NOMALY_TEST_POSTGRES: resolve(newest, "..") } });
}

async function runStep(step: Step): Promise<Outcome[]> {
  const start = performance.now();
  const database = step.tests === undefined ? undefined : await startCheckDatabase(step.env ?? {});
  const env = { ...step.env, ...(isLong ? { NOMALY_LONG: "1" } : {}), ...database?.env };
  const onLine = (line: string) => {
    if (line.startsWith(fileLineStart)) console.log(line.slice(fileLineStart.length));
  };
  const { code, output } = await runCommand(step.command, { root, msMax: isLong ? longStepMsMax : stepMsMax, env, onLine });
  await database?.stop();
  const seconds = (performance.now() - start) / 1000;
  if (step.tests !== undefined) fileTimes.push(...fileSeconds(readReport(step.tests.reportFile), step.tests.groups));
  const outcomes =
    step.tests === undefined
      ? [{ name: step.name, seconds, ...countOne(code) }]
      : countTests(readReport(step.tests.reportFile), step.tests.groups, code);
  for (const outcome of outcomes) printOutcome(outcome, step.tests !== undefined);
  if (outcomes.some(({ failed }) => failed > 0)) {
    console.log(indent(stripVTControlCharacters(output).slice(-outputCharsMax)));
  }
  return outcomes;
}

function printOutcome({ name, seconds, passed, failed, skipped, skips }: Outcome, isTests: boolean): void {
  const counts = [`${passed} passed`, failed > 0 ? `${failed} failed` : "", skipped > 0 ? `${skipped} skipped` : ""];
  const result = failed > 0 ? "FAILED" : "ok";
  const time = `${seconds.toFixed(1).padStart(7)} s`;
  console.log(`${result.padEnd(7)}${name.padEnd(14)}${time}  ${isTests ? counts.filter(Boolean).join(", ") : ""}`.trimEnd());
  for (const line of skips) console.log(`         skipped: ${line}`);
  for (const line of skips.length > 0 ? missingHere() : []) console.log(`         missing: ${line}`);
}

/** Things that some tests need and this machine lacks. */
function missingHere(): string[] {
  const shared = process.env["NOMALY_SHARED"] ?? join(root, "../shared");
  const hasShared = existsSync(join(shared, "data/README.md"));
  return hasShared ? [] : ["the real data sets (NOMALY_SHARED, or ../shared beside the checkout)"];
}

function countOne(code: number): Counts {
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, skips: [] };
}

function readReport(file: string): unknown {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** The slowest test files; they run side by side, so their times do not add up to the whole. */
function printSlowFiles(): void {
  const slowest = fileTimes.toSorted((a, b) => b.seconds - a.seconds).slice(0, slowFileCount);
  if (slowest.length > 0) console.log("\nThe slowest test files:");
  for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(8)} s  ${file}`);
}

function printSummary(outcomes: readonly Outcome[], seconds: number): void {
  const total = (count: "passed" | "failed" | "skipped") => outcomes.reduce((sum, one) => sum + one[count], 0);
  const failed = outcomes.filter((one) => one.failed > 0).map((one) => one.name);
  console.log(
    `\n${outcomes.length} steps in ${seconds.toFixed(0)} s${failed.length > 0 ? `; failed: ${failed.join(", ")}` : ""}`,
  );
  process.exitCode = failed.length > 0 ? 1 : 0;
  console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}

await main();
