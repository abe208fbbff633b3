/**
 * Loaded by `--import` into a service under test: a worker process that is given work while the file named by NOMALY_TEST_CRASH is
 * there removes that file and dies as it says: `exit`, or `memory` for more of it than the worker may have.
 */

import { readFileSync, unlinkSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const path = process.env["NOMALY_TEST_CRASH"] ?? "";

function dieIfTold(): void {
  let how: string;
  try {
    how = readFileSync(path, "utf8");
    unlinkSync(path);
  } catch {
    // Nobody told, or another worker was first.
    return;
  }
  if (how === "exit") process.exit(7);
  const block = Array.from({ length: 1_000_000 }, (_, index) => index + 0.5);
  const hoard: number[][] = [];
  for (;;) hoard.push(block.concat(hoard.length + 0.5));
}

// A worker is a process that is told what to do by messages; threads of it only help.
if (isMainThread && process.send !== undefined) process.on("message", dieIfTold);
