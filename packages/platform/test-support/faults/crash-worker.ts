/**
 * Loaded by `--import` into a service under test. A worker process that gets work while the file named by NOMALY_TEST_CRASH exists
 * removes the file and ends as the file says: `exit` exits, `memory` takes more memory than the worker may have.
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
    // The test has written no file, or another worker has removed it.
    return;
  }
  if (how === "exit") process.exit(7);
  const block = Array.from({ length: 1_000_000 }, (_, index) => index + 0.5);
  const hoard: number[][] = [];
  for (;;) hoard.push(block.concat(hoard.length + 0.5));
}

// Only the main thread of a worker process gets work by messages.
if (isMainThread && process.send !== undefined) process.on("message", dieIfTold);
