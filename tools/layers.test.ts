import { describe, expect, it } from "vitest";
import { packageRules } from "./rules/layer-rules.ts";
import { checkPackage, checkPermissions, checkShape } from "./layers.ts";

const detect = packageRules[0];

function problemsOf(path: string, text: string): string[] {
  return checkPackage(detect, new Map([[path, text]]));
}

describe("layers", () => {
  it("accepts a detector that imports the contract, a shared structure and its own model", () => {
    const text = [
      'import { defineDetector } from "../../detector/detector.ts";',
      'import type { KernelSet } from "../../kernels/kernel-set.ts";',
      'import { buildTree } from "../../structures/trees/tree.ts";',
      'import { model } from "./model.ts";',
    ].join("\n");
    expect(problemsOf("detectors/ecod/index.ts", text)).toEqual([]);
  });

  it.each([
    ["another detector", 'import { model } from "../knn/model.ts";'],
    ["a kernel backend", 'import { x } from "../../kernels/reference/forest.ts";'],
    ["a backend's types", 'import type { X } from "../../kernels/wasm/forest.ts";'],
    ["a backend, dynamically", 'const x = await import("../../kernels/choose.ts");'],
    ["a backend, as a type expression", 'type X = import("../../kernels/wasm/index.ts").X;'],
    ["a re-export of another detector", 'export { knn } from "../knn/index.ts";'],
    ["a worker by URL", 'const x = new URL("../../worker.ts", import.meta.url);'],
    ["the registry", 'import { detectors } from "../../registry.ts";'],
    ["a package", 'import { x } from "vite";'],
    ["a module of Node", 'import { readFileSync } from "node:fs";'],
    ["the process", "const x = process.env.HOME;"],
    ["the document", "document.title = 'x';"],
    ["a Node type", "const x: Uint8Array = Buffer.alloc(1);"],
  ])("refuses a detector that names %s", (_, text) => {
    expect(problemsOf("detectors/ecod/index.ts", text)).toHaveLength(1);
  });

  it("lets the Node host name Node", () => {
    expect(problemsOf("threads/worker-host-node.ts", 'import { Worker } from "node:worker_threads"; process.cwd();')).toEqual([]);
  });

  it("refuses a file outside every layer", () => {
    expect(problemsOf("helpers/things.ts", "export const x = 1;")).toHaveLength(1);
  });

  it("names the line at fault", () => {
    expect(problemsOf("matrix.ts", '\n\nimport { x } from "./registry.ts";')[0]).toMatch(/src\/matrix\.ts:3: /);
  });

  it("refuses a permission that no file uses", () => {
    const layers = [
      { name: "low", files: /^low\//, may: [], summary: "" },
      { name: "high", files: /^high\//, may: ["low"], packages: ["node:", "@scope/used"], summary: "" },
    ];
    const rules = { ...detect, layers };
    const uses = 'import { x } from "../low/a.ts"; import { y } from "node:fs"; import { z } from "@scope/used/part";';
    expect(checkPermissions(rules, new Map([["high/a.ts", uses]]))).toEqual([]);
    const problems = checkPermissions(rules, new Map([["high/a.ts", 'import { y } from "node:fs";']]));
    expect(problems.map((problem) => /may import "([^"]+)"/.exec(problem)?.[1])).toEqual(["low", "@scope/used"]);
  });

  /** Files of which each imports the next, and the last the first. */
  function circle(fileCount: number): Map<string, string> {
    return new Map(
      Array.from({ length: fileCount }, (_, at) => [
        `threads/f${at}.ts`,
        `import type { X } from "./f${(at + 1) % fileCount}.ts"; import "../matrix.ts";`,
      ]),
    );
  }

  it("lets four files import one another, and not five", () => {
    expect(checkShape(detect, circle(4))).toEqual([]);
    expect(checkShape(detect, circle(5))).toEqual([expect.stringContaining("5 files import one another: threads/f0.ts")]);
  });

  it("lets a folder have twenty sources, and not twenty-one", () => {
    const folder = (fileCount: number) => new Map(Array.from({ length: fileCount }, (_, at) => [`threads/f${at}.ts`, ""]));
    expect(checkShape(detect, folder(20))).toEqual([]);
    expect(checkShape(detect, folder(21))).toEqual([expect.stringContaining("src/threads: 21 sources")]);
  });
});
