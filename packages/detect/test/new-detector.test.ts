import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");
const copy = mkdtempSync(join(tmpdir(), "nomaly-new-detector-"));

const conformanceTest = "packages/detect/test/conformance.test.ts";

async function inCopy(...args: readonly string[]): Promise<string> {
  return inCopyWith({}, ...args);
}

async function inCopyWith(variables: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const { NOMALY_GOLDEN: _, ...environment } = process.env;
  const { stdout } = await run(process.execPath, args, { cwd: copy, env: { ...environment, NODE_OPTIONS: "", ...variables } });
  return stdout;
}

/** The repository's sources in another place, with the installed packages linked and our own pointing to the copy. */
function copyRepository(): void {
  const skipped = /(^|\/)(node_modules|dist|test)$/;
  for (const path of [
    "package.json",
    "tsconfig.base.json",
    "vitest.config.ts",
    "LICENSE",
    "README.md",
    "ARCHITECTURE.md",
    "docs",
    "packages",
    "tools",
  ]) {
    cpSync(join(root, path), join(copy, path), {
      recursive: true,
      preserveTimestamps: true,
      filter: (source) => !skipped.test(source),
    });
  }
  cpSync(join(root, conformanceTest), join(copy, conformanceTest));
  const modules = join(copy, "node_modules");
  mkdirSync(join(modules, "@nomaly"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name === "@nomaly" || name === "nomaly") continue;
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  symlinkSync(join(copy, "packages/detect"), join(modules, "@nomaly/detect"));
}

/** Writes the files of CONTRIBUTING.md: a path in backquotes at the start of a line, then the next fenced block. */
function addDetectorOfGuide(): void {
  const [, guide] = readFileSync(join(root, "CONTRIBUTING.md"), "utf8").split(/^## (?=A new detector)|^## A new route/m);
  const files = [...guide.matchAll(/^`(packages\/\S+)`:[^`]*?(?:`[^`\n]*`[^`]*?)*\n```[a-z]+\n([\s\S]*?)^```$/gm)];
  expect(files).toHaveLength(4);
  rmSync(join(copy, "packages/detect/src/detectors/mean-distance"), { recursive: true, force: true });
  for (const [, path, text] of files) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), text);
  }
  const registry = join(copy, "packages/detect/src/registry.ts");
  const text = withoutGuideDetector(readFileSync(registry, "utf8"));
  const listed = text
    .replace(/(?=^import )/m, 'import { meanDistance } from "./detectors/mean-distance/index.ts";\n')
    .replace(/(const list = \[)/, "$1meanDistance, ");
  expect(listed).not.toBe(text);
  writeFileSync(registry, listed);
}

/** Removes the guide's detector, which is in the repository already where somebody has followed the guide. */
function withoutGuideDetector(registry: string): string {
  return registry.replaceAll(/^import \{ meanDistance \}.*\n|^ *meanDistance,\n/gm, "");
}

beforeAll(async () => {
  copyRepository();
  addDetectorOfGuide();
  await inCopy("tools/build.ts");
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("the detector of CONTRIBUTING.md, one folder and one line", () => {
  it("is in the command's list, with its parameter", async () => {
    expect(await inCopy("packages/platform/bin/nomaly.js", "detectors")).toContain("mean-distance");
    expect(await inCopy("packages/platform/bin/nomaly.js", "detectors", "mean-distance")).toContain("weight");
  });

  it("finds the odd row of a file", async () => {
    const rows = Array.from({ length: 50 }, (_, row) => `${row === 31 ? 500 : (row * 7) % 11},${(row * 5) % 13}`);
    writeFileSync(join(copy, "rows.csv"), `a,b\n${rows.join("\n")}\n`);
    const file = join(copy, "scored.csv");
    const settings = ["-a", "mean-distance", "--set", "weight=2", "--contamination", "0.01"];
    await inCopy("packages/platform/bin/nomaly.js", "detect", "rows.csv", ...settings, "-o", file);
    const labels = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[3]);
    expect(labels.filter((label) => ["1", "true"].includes(label))).toHaveLength(1);
    expect(["1", "true"]).toContain(labels[31]);
  });

  it("passes, with its golden scores written, the checks that every registered detector passes", async () => {
    const vitest = join(copy, "node_modules/vitest/vitest.mjs");
    const checks = [vitest, "run", conformanceTest, "-t", "mean-distance:", "--reporter=json", "--outputFile=outcome.json"];
    await inCopyWith({ NOMALY_GOLDEN: "write" }, ...checks);
    await inCopy(...checks);
    const outcome = JSON.parse(readFileSync(join(copy, "outcome.json"), "utf8")) as {
      readonly numFailedTests: number;
      readonly numPassedTests: number;
    };
    expect(outcome.numFailedTests).toBe(0);
    expect(outcome.numPassedTests).toBeGreaterThan(10);
  });

  it("passes the published suite, as a detector outside this repository would", async () => {
    const program = `
      import { checkDetector } from "@nomaly/detect/conformance";
      import { kernelsByName, chooseKernels } from "@nomaly/detect/kernels";
      import { meanDistance } from "@nomaly/detect/detectors/mean-distance";
      const kernelSets = [kernelsByName("reference"), chooseKernels()];
      for await (const { outcome, check, details } of checkDetector(meanDistance, { kernelSets })) console.log(outcome, check, ...details);`;
    writeFileSync(join(copy, "conformance.mjs"), program);
    const lines = (await inCopy("conformance.mjs")).trim().split("\n");
    expect(lines.filter((line) => line.startsWith("failed"))).toEqual([]);
    expect(lines.filter((line) => line.startsWith("passed")).length).toBeGreaterThan(10);
  });

  it("is in the generated documents", async () => {
    await inCopy("--conditions=source", "tools/docs.ts");
    expect(readFileSync(join(copy, "docs/detectors.md"), "utf8")).toContain("| `weight` | 1 | a number above 0 to 1000 |");
    expect(readFileSync(join(copy, "README.md"), "utf8")).toContain("[mean-distance]");
  });

  it("breaks no layer", async () => {
    expect(await inCopy("tools/layers.ts")).toBe("");
  });
});
