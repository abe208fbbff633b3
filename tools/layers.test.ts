import { describe, expect, it } from "vitest";
import { packageRules } from "./rules/layer-rules.ts";
import { checkPackage } from "./layers.ts";

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
});
