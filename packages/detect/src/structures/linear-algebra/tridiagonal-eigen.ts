/** Eigenvalues of a tridiagonal matrix by QL with implicit shifts; the rotations that find them turn the axes. */

import { assert } from "../../errors.ts";
import type { DenseKernels, RotationSweeps } from "../../kernels/dense-kernels.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { panelsOf } from "./column-panels.ts";
import type { TridiagonalForm } from "./tridiagonal-form.ts";

/** Implicit QL finds an eigenvalue in two or three steps; this many never happen on finite numbers. */
const stepCountMax = 100;
/**
 * Couplings below this share of the largest entry count as none, far below what rounding has left of the matrix. Equal columns
 * leave rounding errors of rounding errors: entries so small (1e-300) that rotations of them no longer converge.
 */
const negligibleShare = Number.EPSILON ** 2;
/** Rotations collected before they are applied: a panel of 64 columns then takes some tens of milliseconds. */
const rotationCountMax = 262_144;

/** Rotations that wait to be applied. */
interface Collected {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
  sweepCount: number;
  rotationCount: number;
}

/**
 * Turns the diagonal into the eigenvalues.
 * @param axes as rows, in panels of columns: turned with it.
 */
export function* diagonalize(axes: Float64Array, form: TridiagonalForm, kernels: DenseKernels): Pieces<void> {
  const { diagonal, beside } = form;
  const size = diagonal.length;
  const collected = emptyCollected(size);
  beside.copyWithin(0, 1);
  beside[size - 1] = 0;
  const negligible = negligibleShare * Math.max(largest(diagonal), largest(beside));
  for (let first = 0; first < size; first++) {
    for (let step = 0; ; step++) {
      const last = blockEnd(diagonal, beside, first, negligible);
      if (last === first) break;
      assert(step < stepCountMax, "the eigenvalue iteration ended");
      if (collected.rotationCount + last - first > collected.cosines.length) yield* apply(collected, axes, size, kernels);
      implicitStep(diagonal, beside, { first, last }, collected);
      yield;
    }
  }
  yield* apply(collected, axes, size, kernels);
}

/** Room for one step over the whole matrix at least. A sweep has one rotation or more. */
function emptyCollected(size: number): Collected {
  const length = Math.max(size, Math.min(rotationCountMax, 2 * size * size));
  return {
    starts: new Int32Array(length),
    counts: new Int32Array(length),
    cosines: new Float64Array(length),
    sines: new Float64Array(length),
    sweepCount: 0,
    rotationCount: 0,
  };
}

function* apply(collected: Collected, axes: Float64Array, size: number, kernels: DenseKernels): Pieces<void> {
  const { starts, counts, cosines, sines, sweepCount, rotationCount } = collected;
  const sweeps: RotationSweeps = {
    starts: starts.subarray(0, sweepCount),
    counts: counts.subarray(0, sweepCount),
    cosines: cosines.subarray(0, rotationCount),
    sines: sines.subarray(0, rotationCount),
  };
  for (const { rows } of panelsOf(axes, size)) {
    kernels.rotateRows(rows, sweeps);
    yield;
  }
  collected.sweepCount = 0;
  collected.rotationCount = 0;
}

/**
 * Last index of the block that starts at `first`: the first whose coupling to the next is lost in rounding, or negligible in the
 * whole matrix.
 */
function blockEnd(diagonal: Float64Array, beside: Float64Array, first: number, negligible: number): number {
  let last = first;
  while (last < diagonal.length - 1) {
    const magnitude = Math.abs(diagonal[last]) + Math.abs(diagonal[last + 1]);
    if (Math.abs(beside[last]) <= Math.max(Number.EPSILON * magnitude, negligible)) break;
    last++;
  }
  return last;
}

function largest(values: Float64Array): number {
  let result = 0;
  for (const value of values) result = Math.max(result, Math.abs(value));
  return result;
}

function implicitStep(
  diagonal: Float64Array,
  beside: Float64Array,
  { first, last }: { readonly first: number; readonly last: number },
  collected: Collected,
): void {
  // Wilkinson's shift, from the leading 2 x 2 part.
  const ratio = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
  const root = Math.hypot(ratio, 1);
  let g = diagonal[last] - diagonal[first] + beside[first] / (ratio + (ratio < 0 ? -root : root));
  let sine = 1;
  let cosine = 1;
  let carried = 0;
  const sweep = collected.sweepCount++;
  collected.starts[sweep] = last;
  for (let i = last - 1; i >= first; i--) {
    const f = sine * beside[i];
    const b = cosine * beside[i];
    const length = Math.hypot(f, g);
    beside[i + 1] = length;
    if (length === 0) {
      // The rotation found nothing to turn: the block splits here.
      diagonal[i + 1] -= carried;
      beside[last] = 0;
      collected.counts[sweep] = last - 1 - i;
      return;
    }
    sine = f / length;
    cosine = g / length;
    const middle = diagonal[i + 1] - carried;
    const turned = (diagonal[i] - middle) * sine + 2 * cosine * b;
    carried = sine * turned;
    diagonal[i + 1] = middle + carried;
    g = cosine * turned - b;
    collected.cosines[collected.rotationCount] = cosine;
    collected.sines[collected.rotationCount++] = sine;
  }
  collected.counts[sweep] = last - first;
  diagonal[first] -= carried;
  beside[first] = g;
  beside[last] = 0;
}
