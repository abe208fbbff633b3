/** Makes this worker fail in a given way, for tests of compute. */

import type { Fault } from "../messages.ts";

export async function commitFault(fault: Fault): Promise<void> {
  switch (fault) {
    case "exit":
      // oxlint-disable-next-line unicorn/no-process-exit -- ends this worker alone, which is the point
      return process.exit(3);
    case "throw":
      setTimeout(() => {
        throw new Error("a fault that a test asked for");
      }, 0);
      return new Promise(() => {}); // The worker never answers.
    case "spin":
      return spinFor(60_000);
    case "out-of-memory":
      return fillHeap();
    case "crash":
      process.kill(process.pid, "SIGSEGV");
      return new Promise(() => {}); // The worker never answers.
  }
}

function spinFor(durationMs: number): void {
  for (const end = performance.now() + durationMs; performance.now() < end;);
}

function fillHeap(): void {
  const held: object[] = [];
  for (;;) held.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
}
