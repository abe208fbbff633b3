/**
 * `node --conditions=source bench/copied-blocks.ts`: what copying rows into each thread's own WebAssembly memory costs,
 * as a share of the work done on them. The figures behind docs/decisions/0009-private-memories.md.
 */

import { close, detect, type DetectorId } from "@nomaly/detect";
import { generateValues } from "./data.ts";
import { median } from "./measure.ts";

const blockByteCount = 4096 * 10 * 8;
const runCount = 5;
const threads = 1;

await report("isolation-forest", 1_000_000, 10);
await report("knn", 20_000, 32);
await close();

async function report(detector: DetectorId, rowCount: number, columnCount: number): Promise<void> {
  const values = new Float64Array(new SharedArrayBuffer(rowCount * columnCount * 8));
  values.set(generateValues(rowCount, columnCount));
  const work: number[] = [];
  const copies: number[] = [];
  for (let run = 0; run < runCount; run++) {
    const start = performance.now();
    await detect({ values, columnCount }, { detector, threads });
    work.push(performance.now() - start);
    copies.push(copyMs(values));
  }
  const share = (100 * median(copies)) / median(work);
  console.log(
    `${detector}, ${rowCount} x ${columnCount}: ${median(work).toFixed(0)} ms, of which copying ${median(copies).toFixed(1)} ms (${share.toFixed(2)} %)`,
  );
}

/** The time to copy all rows, block by block, into one memory such as a kernel has. */
function copyMs(values: Float64Array): number {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(blockByteCount / 65_536) });
  const block = new Float64Array(memory.buffer, 0, blockByteCount / 8);
  const start = performance.now();
  for (let at = 0; at < values.length; at += block.length) block.set(values.subarray(at, at + block.length));
  return performance.now() - start;
}
