/** Arrays that worker threads can share, where the platform has shared memory; ordinary ones where it has not. */

import type { Matrix } from "./matrix.ts";

/** Bytes on memory that is not shared: `Uint8Array<ArrayBuffer>`, as compilers before TypeScript 5.7 can read it, too. */
export type OwnBytes = ReturnType<Uint8Array["slice"]>;

/** True in Node, and in browsers on pages that are cross-origin isolated. */
export const hasSharedMemory = typeof SharedArrayBuffer !== "undefined";

export function sharedFloat64(length: number): Float64Array {
  return hasSharedMemory ? new Float64Array(new SharedArrayBuffer(length * 8)) : new Float64Array(length);
}

/** Longer arrays are not kept for a later call. */
const keptLengthMax = 1 << 21;
const keptCountMax = 2;
const kept: Float64Array[] = [];

/**
 * Shared memory of arbitrary content for one call. Workers learn late that an array is garbage, and engines do not count shared memory when
 * they decide to collect it: batch after batch on new arrays would hold hundreds of megabytes. So the last arrays given back are used again.
 */
export function borrowFloat64(length: number): Float64Array {
  const at = kept.findIndex((values) => values.length >= length);
  if (at < 0) return sharedFloat64(length);
  return kept.splice(at, 1)[0].subarray(0, length);
}

/** Only when no worker can write into it any more. */
export function giveBack(values: Float64Array): void {
  const whole = new Float64Array(values.buffer);
  if (whole.length > keptLengthMax) return;
  kept.push(whole);
  kept.sort((a, b) => b.length - a.length);
  // The shortest fits the fewest calls.
  kept.length = Math.min(kept.length, keptCountMax);
  kept.reverse();
}

export function sharedInt32(length: number): Int32Array {
  return hasSharedMemory ? new Int32Array(new SharedArrayBuffer(length * 4)) : new Int32Array(length);
}

/** The same array when it is shared already, else a shared copy. */
export function toShared<A extends Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array>(
  values: A,
): A {
  if (!hasSharedMemory || values.buffer instanceof SharedArrayBuffer) return values;
  const Type = values.constructor as new (buffer: SharedArrayBuffer) => A;
  const copy = new Type(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}

/** The same table on shared memory: what a task that runs on several threads should be given. */
export function toSharedMatrix(table: Matrix): Matrix {
  const values = toShared(table.values);
  return values === table.values ? table : { ...table, values };
}
