import { describe, expect, it, vi } from "vitest";
import type { TestModule, TestSpecification, Vitest } from "vitest/node";
import { runCommand } from "./ci/ci-command.ts";
import { countTests, fileLineStart, fileSeconds, testGroups } from "./ci/ci-tests.ts";
import FileReporter from "./ci/file-reporter.ts";
import LongFilesFirst, { longFiles } from "./ci/long-files-first.ts";

const groups = [
  { name: "unit", files: ["packages/a.test.ts", "packages/b.test.ts"], ofBuilt: false },
  { name: "parity", files: ["packages/parity.test.ts"], ofBuilt: false },
];

function file(name: string, statuses: readonly string[], status = statuses.includes("failed") ? "failed" : "passed") {
  const assertionResults = statuses.map((one, index) => ({ status: one, fullName: `claim ${index}` }));
  return { name: `/somewhere/${name}`, status, startTime: 1000, endTime: 3000, assertionResults };
}

describe("the count of tests", () => {
  it("is kept by group, with the titles of what was skipped", () => {
    const report = {
      testResults: [file("packages/a.test.ts", ["passed", "passed"]), file("packages/parity.test.ts", ["failed", "skipped"])],
    };
    expect(countTests(report, groups, 1)).toEqual([
      { name: "unit", passed: 2, failed: 0, skipped: 1, skips: ["b.test.ts: no test of it can run here"], seconds: 2 },
      { name: "parity", passed: 0, failed: 1, skipped: 1, skips: ["parity.test.ts: claim 1"], seconds: 2 },
    ]);
  });

  it("has a failure for a file that could not run", () => {
    const report = { testResults: [file("packages/b.test.ts", [], "failed")] };
    expect(countTests(report, groups, 1).map(({ failed }) => failed)).toEqual([1, 0]);
  });

  it("has a failure for a run that ended badly without a report", () => {
    expect(countTests(undefined, groups, 1).map(({ failed }) => failed)).toEqual([1, 0]);
  });

  it("tells how long each file took that was run", () => {
    const report = { testResults: [file("packages/a.test.ts", ["passed"]), file("packages/parity.test.ts", ["failed"])] };
    expect(fileSeconds(report, groups)).toEqual([
      { file: "packages/a.test.ts", seconds: 2 },
      { file: "packages/parity.test.ts", seconds: 2 },
    ]);
    expect(fileSeconds(undefined, groups)).toEqual([]);
  });

  it("sees every test file in exactly one group, the long ones only when asked", () => {
    const root = `${import.meta.dirname}/..`;
    const files = testGroups(root, true).flatMap((group) => group.files);
    expect(new Set(files).size).toBe(files.length);
    expect(files).toContain("tools/ci.test.ts");
    expect(
      testGroups(root, false)
        .flatMap((group) => group.files)
        .some((path) => path.endsWith(".long.test.ts")),
    ).toBe(false);
  });

  it("starts with the long files, the longest of them first, whatever took longest before", async () => {
    const project = { name: "", config: { isolate: true, sequence: { groupOrder: 0 } } };
    const paths = ["/a/short.test.ts", `/a/${longFiles[1]}`, "/a/shorter.test.ts", `/a/${longFiles[0]}`];
    const seconds = new Map(paths.map((path, index) => [path, 10 - index]));
    const cache = {
      getTestSpecificationResult: ({ moduleId }: TestSpecification) => ({ failed: false, duration: seconds.get(moduleId) }),
    };
    const files = paths.map((moduleId) => ({ project, moduleId }) as unknown as TestSpecification);
    const sorted = await new LongFilesFirst({ cache } as unknown as Vitest).sort(files);
    expect(sorted.map(({ moduleId }) => moduleId)).toEqual([paths[3], paths[1], paths[0], paths[2]]);
  });

  it("finds each of the long files", () => {
    const files = testGroups(`${import.meta.dirname}/..`, false).flatMap((group) => group.files);
    for (const end of longFiles) expect(files.filter((file) => file.endsWith(end))).toHaveLength(1);
  });
});

describe("the output of a test run", () => {
  it("has a line for each file as it ends, with its time and whether it failed", () => {
    const log = vi.spyOn(console, "log").mockReturnValue();
    const ended = (isOk: boolean) =>
      ({
        project: { config: { root: "/here" } },
        moduleId: "/here/tools/a.test.ts",
        diagnostic: () => ({ duration: 1234 }),
        ok: () => isOk,
      }) as unknown as TestModule;
    new FileReporter().onTestModuleEnd(ended(true));
    new FileReporter().onTestModuleEnd(ended(false));
    const lines = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    expect(lines).toEqual([`${fileLineStart}     1.2 s  tools/a.test.ts`, `${fileLineStart}     1.2 s  tools/a.test.ts  FAILED`]);
  });

  it("is passed on line by line while the program runs", async () => {
    const lines: string[] = [];
    const program = 'console.log("one\\ntwo"); process.stdout.write("three")';
    const onLine = (line: string) => void lines.push(line);
    const { code, output } = await runCommand([process.execPath, "--eval", program], { root: "/", msMax: 60_000, onLine });
    expect([code, output, lines]).toEqual([0, "one\ntwo\nthree", ["one", "two", "three"]]);
  });
});
