import { describe, expect, it } from "vitest";
import { referenceKernels } from "../kernels/reference/index.ts";
import { singleThread } from "./single-thread.ts";

/** Keeps the thread busy, as a piece of numeric work does. */
function workFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("work on the caller's own thread", () => {
  it.each([60, 450])("is stopped by an abort that a timer fires while pieces of %i ms run", async (pieceMs) => {
    const threads = singleThread(new Map([["test/busy", () => workFor(pieceMs)]]));
    const controller = new AbortController();
    let doneCount = 0;
    setTimeout(() => controller.abort(), 1);
    const pieces = Array.from({ length: 50 }, () => null);
    const options = { signal: controller.signal, onDone: (count: number) => (doneCount = count) };
    await expect(threads.map("test/busy", pieces, referenceKernels, options)).rejects.toMatchObject({ code: "ABORTED" });
    expect(doneCount).toBeLessThan(5);
  });
});
