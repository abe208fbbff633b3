/** Kernel sums of many rows, in blocks, on as many threads as there are. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { hasSharedMemory, sharedFloat64, toShared, toSharedMatrix } from "../../shared-memory.ts";
import { cutRanges, isWorthSending, type Threads } from "../../threads/threads.ts";
import { inTimedBlocks } from "../../threads/timed-blocks.ts";
import { createKernelSums, type KernelSumsTask, type SupportVectors } from "./kernel-sums.ts";

/** The part of a fit's context that a solver needs. */
export interface KernelSumsContext {
  readonly kernels: KernelSet;
  readonly threads: Threads;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number) => void;
}

/** Fewest kernel values worth handing to workers. */
const threadedValueCountMin = 4_000_000;
/** Pieces for each thread, so that a slow one does not hold up the rest. */
const piecesPerThread = 4;

/** One sum a row, in order; the same bits whatever the number of threads. */
export async function sumKernels(vectors: SupportVectors, rows: Matrix, context: KernelSumsContext): Promise<Float64Array> {
  const { threads, kernels, signal, progress } = context;
  const vectorCount = vectors.boundedRows.rowCount + vectors.freeRows.rowCount;
  const valueCount = rows.rowCount * vectorCount;
  const threaded = hasSharedMemory && isWorthSending(threads, valueCount, threadedValueCountMin);
  const out = threaded ? sharedFloat64(rows.rowCount) : new Float64Array(rows.rowCount);
  if (!threaded) {
    const sums = createKernelSums(vectors, kernels);
    await inTimedBlocks(rows.rowCount, context, (start, end) => {
      sums.sumsInto(rowRange(rows, start, end), out.subarray(start, end));
    });
    return out;
  }
  const sharedRows = toSharedMatrix(rows);
  const sharedVectors = {
    ...vectors,
    boundedRows: toSharedMatrix(vectors.boundedRows),
    freeRows: toSharedMatrix(vectors.freeRows),
    freeCoefficients: toShared(vectors.freeCoefficients),
  };
  const inputs = cutRanges(rows.rowCount, threads.count * piecesPerThread).map(({ start, end }) => ({
    vectors: sharedVectors,
    rows: rowRange(sharedRows, start, end),
    out: out.subarray(start, end),
  }));
  const onDone = (doneCount: number) => progress?.(doneCount / inputs.length);
  const options = { ...(signal === undefined ? {} : { signal }), onDone };
  await threads.map<KernelSumsTask, null>("core/kernelSums", inputs, kernels, options);
  return out;
}
