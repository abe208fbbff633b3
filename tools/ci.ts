/** The whole check of the project: runs every step, goes on after a failing one, ends with the count line. `--long` adds the long forms. */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { countTests, type Counts, testGroups } from "./ci-tests.ts";

const root = resolve(import.meta.dirname, "..");
const binFolder = join(root, "node_modules/.bin");
/** A step that takes longer than this is stopped and has failed. */
const stepMsMax = 30 * 60_000;
/** Of a failing step's output, the end that is shown. */
const outputCharsMax = 20_000;

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Where vitest writes its report; absent for a step that counts as one test. */
  readonly reportFile?: string;
}

interface Outcome extends Counts {
  readonly name: string;
  readonly seconds: number;
}

async function main(): Promise<void> {
  const long = process.argv.includes("--long");
  const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  const reports = mkdtempSync(join(tmpdir(), "nomaly-ci-"));
  const steps = [...checkSteps(), ...testSteps(reports, long)].filter(({ name }) => only.length === 0 || only.includes(name));
  const outcomes: Outcome[] = [];
  for (const step of steps) outcomes.push(await runStep(step));
  rmSync(reports, { recursive: true, force: true });
  printSummary(outcomes);
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

function testSteps(reports: string, long: boolean): Step[] {
  return testGroups(root, long).map(({ name, files }) => {
    const reportFile = join(reports, `${name}.json`);
    const options = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, "--passWithNoTests"];
    return { name, command: ["vitest", "run", ...options, ...files], reportFile };
  });
}

async function runStep(step: Step): Promise<Outcome> {
  const start = performance.now();
  const { code, output } = await runCommand(step.command);
  const seconds = (performance.now() - start) / 1000;
  const counts = step.reportFile === undefined ? countOne(code) : countTests(readReport(step.reportFile), code);
  const result = counts.failed > 0 ? "FAILED" : "ok";
  console.log(`${result.padEnd(7)}${step.name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s  ${describeCounts(step, counts)}`);
  for (const line of counts.skips) console.log(`         skipped: ${line}`);
  if (counts.failed > 0) console.log(indent(stripVTControlCharacters(output).slice(-outputCharsMax)));
  return { name: step.name, seconds, ...counts };
}

function describeCounts(step: Step, counts: Counts): string {
  if (step.reportFile === undefined) return "";
  return `${counts.passed} passed${counts.failed > 0 ? `, ${counts.failed} failed` : ""}${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`;
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
  return new Promise((done) => {
    const child = spawn(program, args, {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), stepMsMax);
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

function printSummary(outcomes: readonly Outcome[]): void {
  const total = (count: "passed" | "failed" | "skipped" | "seconds") => outcomes.reduce((sum, one) => sum + one[count], 0);
  const failed = outcomes.filter((one) => one.failed > 0).map((one) => one.name);
  console.log(
    `\n${outcomes.length} steps in ${total("seconds").toFixed(0)} s${failed.length > 0 ? `; failed: ${failed.join(", ")}` : ""}`,
  );
  process.exitCode = failed.length > 0 ? 1 : 0;
  console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
}

function indent(text: string): string {
  return text.replace(/^/gm, "    ");
}

await main();
