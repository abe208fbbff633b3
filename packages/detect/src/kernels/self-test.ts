/** Checks that a kernel set computes on this engine what the reference computes. */

import { assert } from "../errors.ts";
import type { Matrix } from "../matrix.ts";
import type { KernelSet } from "./kernel-set.ts";

const rowCount = 70;
const columnCount = 5;
const neighbourCount = 3;

/**
 * Searches neighbours among a few rows: the family whose builds differ, with the newest instructions.
 * @param reference the set that defines the truth.
 * @throws WebAssembly.CompileError where the engine lacks the instructions, another error where the answer is wrong.
 */
export function selfTest(kernels: KernelSet, reference: KernelSet): void {
  const rows = testRows();
  const expected = nearest(reference, rows);
  const actual = nearest(kernels, rows);
  for (const [at, index] of expected.indexes.entries()) {
    const agrees = actual.indexes[at] === index && Object.is(actual.distances[at], expected.distances[at]);
    assert(agrees, `the kernels ${kernels.name} compute wrongly on this engine`);
  }
}

function nearest(kernels: KernelSet, rows: Matrix): { distances: Float64Array; indexes: Int32Array } {
  const order = Int32Array.from({ length: rowCount }, (_, row) => row);
  const length = rowCount * neighbourCount;
  const out = { distances: new Float64Array(length), indexes: new Int32Array(length) };
  kernels.createSearch({ rows, metric: "euclidean", order, method: "scan" }).nearestInto(rows, neighbourCount, out);
  return out;
}

/** Rows of fractions that no float32 holds exactly, in no order. */
function testRows(): Matrix {
  const values = Float64Array.from({ length: rowCount * columnCount }, (_, at) => ((at * 7919) % 1013) / 997);
  return { rowCount, columnCount, values };
}
