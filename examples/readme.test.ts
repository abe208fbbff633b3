import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");

it.each(["README.md", "packages/detect/README.md"])("the TypeScript of %s runs", async (path) => {
  const blocks = [...readFileSync(join(root, path), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  expect(blocks.length).toBeGreaterThan(0);
  for (const [, block] of blocks) {
    await run(process.execPath, ["--input-type=module-typescript", "--eval", block], { cwd: root });
  }
});
