/**
 * Loaded by `--import` into a service under test: a worker thread that is given work while the file named by NOMALY_TEST_CRASH is
 * there removes that file and dies as it says: `exit`, or `memory` for more of it than the thread may have.
 */

import { readFileSync, unlinkSync } from "node:fs";
import { isMainThread, parentPort } from "node:worker_threads";

const path = process.env["NOMALY_TEST_CRASH"] ?? "";

function dieIfTold(): void {
  let how: string;
  try {
    how = readFileSync(path, "utf8");
    unlinkSync(path);
  } catch {
    // Nobody told, or another thread was first.
    return;
  }
  if (how === "exit") process.exit(7);
  const block = Array.from({ length: 1_000_000 }, (_, index) => index + 0.5);
  const hoard: number[][] = [];
  for (;;) hoard.push(block.concat(hoard.length + 0.5));
}

if (!isMainThread) parentPort?.on("message", dieIfTold);
