/** The coarse numeric operations that detectors may call. `reference/` defines their results; other sets give the same bits. */

import type { ColumnKernels } from "./column-kernels.ts";
import type { DenseKernels } from "./dense-kernels.ts";
import type { ForestKernels } from "./forest-kernels.ts";
import type { NeighbourKernels } from "./neighbour-kernels.ts";
import type { TailKernels } from "./tail-kernels.ts";

/** The implementations of the kernels. */
export type KernelSetName = "reference" | "wasm-simd" | "wasm-relaxed-simd";

/**
 * A set of kernels. Every set returns the same bits as `reference/` on the same input: SIMD runs across independent
 * outputs, never along a sum, and fused multiply-add only prunes candidates that float64 then decides.
 * So a score does not depend on engine, batch size or thread count.
 */
export interface KernelSet extends ForestKernels, NeighbourKernels, ColumnKernels, DenseKernels, TailKernels {
  /** Which implementation it is. */
  readonly name: KernelSetName;
}
