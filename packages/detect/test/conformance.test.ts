import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { GoldenScores, Subject } from "../src/conformance/index.ts";
import { availableKernelSets, checks, createSubject, exemptionOf, goldenScoresOf, runCheck } from "../src/conformance/index.ts";
import { cloningThreads } from "../src/conformance/cloning-threads.ts";
import { copyOf } from "../src/conformance/subject.ts";
import type { AnyDetector } from "../src/detector/detector.ts";
import { detectors } from "../src/registry.ts";
import { taskTable } from "../src/threads/task-table.ts";

/**
 * Checks all detectors against the contract: `npx vitest run packages/detect/test/conformance.test.ts -t "lof:"` runs one.
 * NOMALY_GOLDEN=write keeps today's scores as golden ones.
 */
const goldenFolder = join(import.meta.dirname, "golden");
const isWriting = process.env["NOMALY_GOLDEN"] === "write";

/** A detector that need not pass a check, and why. When it passes after all a test fails here: then remove its line. */
const exemptions: readonly { readonly detector: string; readonly check: string; readonly reason: string }[] = [];

function readGolden(id: string): GoldenScores | undefined {
  const path = join(goldenFolder, `${id}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as GoldenScores) : undefined;
}

async function writeGolden(subject: Subject): Promise<void> {
  mkdirSync(goldenFolder, { recursive: true });
  const { train, fresh } = await goldenScoresOf(subject);
  const text = `{\n  "train": [\n${filledLines(train)}\n  ],\n  "fresh": [\n${filledLines(fresh)}\n  ]\n}\n`;
  writeFileSync(join(goldenFolder, `${subject.detector.id}.json`), text);
}

/** Numbers in lines of at most 130 characters, as the formatter leaves them. */
function filledLines(numbers: readonly number[]): string {
  const lines = [""];
  for (const [i, number] of numbers.entries()) {
    const word = `${number}${i < numbers.length - 1 ? "," : ""}`;
    const line = lines[lines.length - 1];
    if (line !== "" && 4 + line.length + 1 + word.length > 130) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line) => `    ${line}`).join("\n");
}

/** Compiled once for all. */
const kernelSets = availableKernelSets();

describe.each(detectors.map((detector) => ({ id: detector.id, detector })))("$id:", ({ id, detector }) => {
  let subject: Subject;

  beforeAll(async () => {
    const golden = readGolden(id);
    subject = await createSubject(detector, { kernelSets, ...(golden === undefined ? {} : { golden }) });
    if (isWriting) await writeGolden(subject);
  });

  it("has golden scores (NOMALY_GOLDEN=write makes them)", () => {
    expect(readGolden(id)).toBeDefined();
  });

  // A sound detector may do without threads; ours promise to use them.
  it("sends tasks to threads", async () => {
    const threads = cloningThreads(taskTable([detector]), 3);
    await subject.fit(copyOf(subject.sample.train), { threads });
    expect(threads.ran.size).toBeGreaterThan(0);
  });

  // A check that does not apply is no test, so it does not count as passed.
  const applying = checks.filter((check) => exemptionOf(check, detector, { kernelSets, golden: readGolden(id) }) === undefined);

  it.each(applying.map((check) => ({ name: check.name, check })))("$name", async ({ name, check }) => {
    const result = await runCheck(check, subject);
    const exemption = exemptions.find((candidate) => candidate.detector === id && candidate.check === name);
    if (exemption !== undefined) {
      expect(result.outcome, `exempt (${exemption.reason}), yet it does not fail`).toBe("failed");
      return;
    }
    expect(result, result.claim).toMatchObject({ outcome: "passed", details: [] });
  });
});

it("leaves out only checks that a trait rules out, where the detector says so", () => {
  const given = { kernelSets, golden: { train: [], fresh: [] } };
  const leftOut = (name: string) =>
    detectors.filter((detector) =>
      checks.some((check) => check.name === name && exemptionOf(check, detector, given) !== undefined),
    );
  const saying = (rule: (traits: AnyDetector["traits"]) => boolean) => detectors.filter(({ traits }) => rule(traits));
  const ruledOut = new Map([
    ["update-in-chunks", saying((traits) => !traits.learnsIncrementally)],
    ["contributions-point", saying((traits) => traits.explains === "none")],
    ["missing-values", saying((traits) => !traits.acceptsMissing)],
    ["row-order", saying((traits) => traits.usesRandomness)],
    ["column-order", saying((traits) => traits.usesRandomness)],
  ]);
  for (const { name } of checks) expect(leftOut(name), name).toEqual(ruledOut.get(name) ?? []);
});

it("exempts only detectors and checks that there are", () => {
  for (const { detector, check, reason } of exemptions) {
    expect(detectors.map(({ id }) => id)).toContain(detector);
    expect(checks.map(({ name }) => name)).toContain(check);
    expect(reason.length).toBeGreaterThan(20);
  }
});
