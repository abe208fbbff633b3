/**
 * Attacks a server with 1 GiB and the command: files and bodies that are small to send but large in memory, damaged files of every
 * format, clients that read no answer. Prints for each the answer, the most memory, and the longest silence of /health/live.
 * `--long` sends each eight times at once, and 5,000 damaged files.
 */

import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const isLong = process.argv.includes("--long");
const names = ["service/service-attack", "command/command-attack", "command/damaged-files"];
const files = names.flatMap((name) => [`${name}.test.ts`, ...(isLong ? [`${name}.long.test.ts`] : [])]);
const reporter = join(root, "tools/ci/seen-reporter.ts");
const words = [
  "run",
  `--reporter=${reporter}`,
  "--no-file-parallelism",
  ...files.map((name) => `packages/platform/test/${name}`),
];
const env = { ...process.env, ...(isLong ? { NOMALY_LONG: "1" } : {}) };
const { status } = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...words], {
  cwd: root,
  stdio: "inherit",
  env,
});
process.exitCode = status ?? 1;
