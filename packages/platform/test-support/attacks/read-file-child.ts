/** A child process that reads files for a test, so that a fault that ends a process does not end the test. */

import { basename } from "node:path";
import { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";
import { openSource } from "../../src/files/duckdb/source.ts";
import { createTemporaryFiles } from "../../src/files/local/temporary.ts";

/** The message to the parent about each file. */
export interface ReadOutcome {
  readonly path: string;
  /** One of our error codes, "read", or "uncoded". */
  readonly outcome: string;
  readonly message: string;
  readonly rowCount: number;
  /** Peak of this process's memory so far. */
  readonly peakBytes: number;
}

async function read(path: string): Promise<ReadOutcome> {
  const temporary = createTemporaryFiles();
  let rowCount = 0;
  let [outcome, message] = ["read", ""];
  try {
    const source = await openSource(path, {
      name: basename(path),
      threadCount: 1,
      temporary,
      stdin: Readable.from([]),
      signal: new AbortController().signal,
      unpackedBytesMax: 64 * 1024 ** 2,
    });
    try {
      for await (const batch of source.batches()) rowCount += batch.rowCount;
    } finally {
      source.close();
    }
  } catch (error) {
    outcome = error instanceof NomalyError ? error.code : "uncoded";
    message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    temporary.removeAll();
  }
  return { path, outcome, message, rowCount, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

process.on("message", (path: string) => {
  void read(path).then((outcome) => process.send?.(outcome));
});
// Sent when the readers are loaded, which takes a while on a busy machine.
await import("@duckdb/node-api");
await import("../../src/files/duckdb/arrow/arrow-relation.ts");
process.send?.("ready");
