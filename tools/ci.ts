/** The whole check of the project: runs every step, goes on after a failing one, ends with the count line. `--long` adds the long forms. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { countTests, type Counts, type Outcome, type TestGroup, testGroups } from "./ci-tests.ts";

const root = resolve(import.meta.dirname, "..");
const binFolder = join(root, "node_modules/.bin");
/** A step that takes longer than this is stopped and has failed. */
const stepMsMax = 30 * 60_000;
const longStepMsMax = 180 * 60_000;
/** Of a failing step's output, the end that is shown. */
const outputCharsMax = 20_000;

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Of a test run: what it runs, and where the report is written. A step without counts as one test. */
  readonly tests?: { readonly groups: readonly TestGroup[]; readonly reportFile: string };
}

async function main(): Promise<void> {
  const start = performance.now();
  const long = process.argv.includes("--long");
  const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  const reports = mkdtempSync(join(tmpdir(), "nomaly-ci-"));
  const steps = [...checkSteps(), ...testSteps(reports, long, only)];
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    if (only.length === 0 || only.includes(step.name) || step.tests !== undefined) outcomes.push(...(await runStep(step)));
  }
  rmSync(reports, { recursive: true, force: true });
  printSummary(outcomes, (performance.now() - start) / 1000);
}

/** Checks that are no tests: each counts as one. */
function checkSteps(): Step[] {
  const sources = ["packages", "tools", "bench", "examples", "fixtures"].filter((folder) => existsSync(join(root, folder)));
  return [
    { name: "build", command: ["node", "tools/build.ts"] },
    { name: "format", command: ["oxfmt", "--check", ...sources] },
    { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings", ...sources] },
    { name: "types", command: ["tsc", "-p", "tsconfig.json"] },
    { name: "types-web", command: ["tsc", "-p", "packages/detect/tsconfig.web.json"] },
    { name: "layers", command: ["node", "tools/layers.ts"] },
    { name: "tidy", command: ["node", "tools/tidy.ts"] },
    { name: "docs", command: ["node", "--conditions=source", "tools/docs.ts", "--check"] },
    { name: "dead-code", command: ["knip"] },
  ];
}

/** Two runs: the sources' tests together, so that they share the cores, then those that use the built packages. */
function testSteps(reports: string, long: boolean, only: readonly string[]): Step[] {
  const groups = testGroups(root, long).filter(({ name }) => only.length === 0 || only.includes(name));
  const runs = [groups.filter(({ ofBuilt }) => !ofBuilt), groups.filter(({ ofBuilt }) => ofBuilt)];
  return runs.flatMap((members, index): Step[] => {
    if (members.length === 0) return [];
    const reportFile = join(reports, `${index}.json`);
    const options = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
    const files = members.flatMap((group) => group.files);
    return [{ name: "tests", command: ["vitest", "run", ...options, ...files], tests: { groups: members, reportFile } }];
  });
}

async function runStep(step: Step): Promise<Outcome[]> {
  const start = performance.now();
  const { code, output } = await runCommand(step.command);
  const seconds = (performance.now() - start) / 1000;
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

/** What this machine lacks that some tests need. */
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

function runCommand(command: readonly string[]): Promise<{ code: number; output: string }> {
  const [program, ...args] = command;
  const env = { ...process.env, PATH: `${binFolder}${delimiter}${process.env["PATH"] ?? ""}`, CI: "1", NO_COLOR: "1" };
  if (process.argv.includes("--long")) Object.assign(env, { NOMALY_LONG: "1" });
  return new Promise((done) => {
    const child = spawn(program, args, {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), process.argv.includes("--long") ? longStepMsMax : stepMsMax);
    let output = "";
    const take = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2 * outputCharsMax));
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => (output += String(error)));
    child.on("close", (code) => {
      clearTimeout(timer);
      done({ code: code ?? 1, output });
    });
  });
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
