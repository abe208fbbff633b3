/**
 * Tests the tests: puts one small fault after another into a copy of the checkout, and says which of them no test notices.
 * `npm run mutate -- --seed 1 --count 100 [--minutes 40] [--files "GLOB GLOB"] [--keep] [--again FILE]`.
 * `--keep` writes the figure into docs/mutation.json; `--again` takes the output of an earlier run and runs what survived there.
 */

import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createRandom, shuffle } from "../packages/detect/src/random.ts";
import { startTestServer } from "../packages/platform/test-support/servers/postgres.ts";
import { describeMachine } from "../bench/tables.ts";
import { type CommandResult, runCommand } from "./ci/ci-command.ts";
import { copyCheckout } from "./ci/copy-checkout.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { scanSource } from "./rules/source-scan.ts";

const root = resolve(import.meta.dirname, "..");
const defaultFiles = ["packages/platform/src/{cache,store,pools,services}/*.ts", "packages/detect/src/thresholds/*.ts"];
/** Test files run for a fault, those nearest to its source: faults that only a whole service shows are not found here. */
const testFilesMax = 6;
/** Test files that run first: they notice most faults, and then the others need not run. */
const firstTestFiles = 2;
/** Limit on a run, as a multiple of its usual time: a mutant may loop for ever, which counts as noticed. */
const slownessMax = 4;
const extraMs = 20_000;
const baselineMsMax = 300_000;

async function main(): Promise<void> {
  const { seed, count, minutes, files, keep, again } = options();
  const sources = globSync(files, { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  const order = sources.toSorted().flatMap((file) => mutantsOf(file, readFileSync(join(root, file), "utf8")));
  const possibleCount = order.length;
  const places = Int32Array.from({ length: possibleCount }, (_, index) => index);
  shuffle(places, createRandom(seed));
  // In the order in which they were drawn: when time runs out, those that were run are still a random sample.
  const drawn = Array.from(places.subarray(0, count), (place) => order[place]);
  const earlier = again === undefined ? undefined : readFileSync(again, "utf8").split("\n");
  const sample = drawn.filter((mutant) => earlier === undefined || earlier.includes(`SURVIVED  ${nameOf(mutant)}`));
  const killedBefore = earlier?.filter((line) => line.startsWith("killed  ")).length ?? 0;
  console.log(`${sample.length} of ${possibleCount} mutants of ${sources.length} files, seed ${seed}`);
  const scratch = mkdtempSync(join(tmpdir(), "nomaly-mutants-"));
  // Listeners for the end of this process then stop the database.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const server = await startTestServer();
  try {
    const copy = copyCheckout(root, join(scratch, "nomaly"));
    const bench = {
      copy,
      env: { NOMALY_TEST_DATABASE_URL: server.url },
      testsOf: nearestTests(),
      deadline: performance.now() + minutes * 60_000,
    };
    const { killedNow, survivors, untested } = await runSample(sample, bench);
    const killedCount = killedBefore + killedNow;
    const ranCount = killedCount + survivors.length;
    for (const file of untested) console.log(`not run  ${file}: its tests fail without a fault, or there are none`);
    console.log(`${ranCount} mutants, ${killedCount} killed, ${survivors.length} survived`);
    if (keep) keepFigure({ possibleCount, ranCount, killedCount });
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function options() {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      count: { type: "string", default: "100" },
      minutes: { type: "string", default: "40" },
      files: { type: "string", default: defaultFiles.join(" ") },
      keep: { type: "boolean", default: false },
      again: { type: "string" },
    },
  });
  const { seed, count, minutes, files, keep, again } = values;
  return { seed: Number(seed), count: Number(count), minutes: Number(minutes), files: files.split(" "), keep, again };
}

interface Bench {
  readonly copy: string;
  readonly env: Readonly<Record<string, string>>;
  readonly testsOf: (file: string) => readonly string[];
  /** No mutant is started after this time. */
  readonly deadline: number;
}

async function runSample(sample: readonly Mutant[], bench: Bench) {
  const survivors: Mutant[] = [];
  const stagesOf = new Map<string, readonly Stage[] | undefined>();
  let killedNow = 0;
  for (const mutant of sample) {
    if (performance.now() > bench.deadline) break;
    if (!stagesOf.has(mutant.file)) stagesOf.set(mutant.file, await measuredStages(mutant.file, bench));
    const stages = stagesOf.get(mutant.file);
    if (stages === undefined) continue;
    const source = readFileSync(join(root, mutant.file), "utf8");
    writeFileSync(join(bench.copy, mutant.file), source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end));
    const isKilled = await isNoticed(stages, bench);
    writeFileSync(join(bench.copy, mutant.file), source);
    if (isKilled) killedNow++;
    else survivors.push(mutant);
    console.log(`${isKilled ? "killed  " : "SURVIVED"}  ${nameOf(mutant)}`);
  }
  const untested = [...stagesOf].filter(([, stages]) => stages === undefined).map(([file]) => file);
  return { killedNow, survivors, untested };
}

interface Stage {
  readonly tests: readonly string[];
  readonly usualMs: number;
}

/** The nearest test files, then the others, each with the time it takes without a fault; undefined where there are none or they fail. */
async function measuredStages(file: string, bench: Bench): Promise<readonly Stage[] | undefined> {
  const tests = bench.testsOf(file);
  const stages: Stage[] = [];
  for (const some of [tests.slice(0, firstTestFiles), tests.slice(firstTestFiles)].filter(({ length }) => length > 0)) {
    const start = performance.now();
    const { code } = await runTests(some, bench, baselineMsMax);
    if (code !== 0) return undefined;
    stages.push({ tests: some, usualMs: performance.now() - start });
  }
  return stages.length === 0 ? undefined : stages;
}

async function isNoticed(stages: readonly Stage[], bench: Bench): Promise<boolean> {
  for (const { tests, usualMs } of stages) {
    if ((await runTests(tests, bench, slownessMax * usualMs + extraMs)).code !== 0) return true;
  }
  return false;
}

function nameOf({ file, line, what }: Mutant): string {
  return `${file}:${line}  ${what}`;
}

function runTests(tests: readonly string[], { copy, env }: Bench, msMax: number): Promise<CommandResult> {
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  return runCommand([process.execPath, vitest, "run", "--bail=1", ...tests], { root: copy, msMax, env, endsWhole: true });
}

/** Test files in the folder of the source first, then by the number of imports from the test file to the source, least first. */
function nearestTests(): (file: string) => readonly string[] {
  const files = globSync("packages/{detect,platform}/{src,test,test-support}/**/*.ts", { cwd: root }).filter(
    (file) => !file.endsWith(".long.test.ts") && !file.includes("/assembly/"),
  );
  const importers = new Map<string, string[]>();
  for (const file of files) {
    for (const { specifier } of scanSource(file, readFileSync(join(root, file), "utf8")).imports) {
      if (!specifier.startsWith(".")) continue;
      const imported = relative(root, join(root, dirname(file), specifier)).replaceAll("\\", "/");
      importers.set(imported, [...(importers.get(imported) ?? []), file]);
    }
  }
  return (file) => {
    // A map keeps the order in which it was filled: nearer files come first.
    const seen = new Set([file]);
    for (const next of seen) for (const importer of importers.get(next) ?? []) seen.add(importer);
    const tests = [...seen].filter((one) => one.endsWith(".test.ts"));
    const isBeside = (test: string) => dirname(test) === dirname(file);
    return [...tests.filter(isBeside), ...tests.filter((test) => !isBeside(test))].slice(0, testFilesMax);
  };
}

interface Figure {
  /** The number of faults from which the sample was drawn. */
  readonly possibleCount: number;
  readonly ranCount: number;
  readonly killedCount: number;
}

/** `npm run reliability` puts it into its page. */
function keepFigure(figure: Figure): void {
  const words = process.argv
    .slice(2)
    .filter((word, at, all) => !["--keep", "--again"].includes(word) && all[at - 1] !== "--again");
  const command = ["npm run mutate --", ...words.map((word) => (word.includes(" ") ? JSON.stringify(word) : word))].join(" ");
  const content = { ...figure, command, machine: describeMachine(root) };
  writeFileSync(join(root, "docs/mutation.json"), `${JSON.stringify(content, undefined, 2)}\n`);
}

await main();
