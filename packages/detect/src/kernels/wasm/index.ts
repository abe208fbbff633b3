/** The WebAssembly kernel sets, one for each build. */

import type { KernelSet } from "../kernel-set.ts";
import type { NeighbourKernels } from "../neighbour-kernels.ts";
import { referenceNeighbour } from "../reference/neighbour.ts";
import { referenceTail } from "../reference/tail.ts";
import type { TailKernels } from "../tail-kernels.ts";
import { wasmColumn } from "./column.ts";
import { wasmDense } from "./dense.ts";
import { wasmForest } from "./forest.ts";
import { relaxedSimd, simd } from "./generated/dense.ts";
import { compileModule, type WasmBuild } from "./instance.ts";

/** Families beyond those of a single detector's bundle; without them the reference serves: slower, the same bits. */
export interface ExtraFamilies {
  readonly tail: (build: WasmBuild) => TailKernels;
  readonly neighbour: (build: WasmBuild) => NeighbourKernels;
}

/**
 * The set of a build. Families compile when they are first used.
 * @param extra the families that a bundle of a single detector leaves out.
 * @throws when the engine lacks the instructions of the build.
 */
export function wasmKernels(build: WasmBuild, extra: ExtraFamilies | undefined): KernelSet {
  // Compiling one family now shows whether this engine supports the build.
  compileModule(build === "simd" ? simd : relaxedSimd);
  return {
    name: build === "relaxedSimd" ? "wasm-relaxed-simd" : "wasm-simd",
    ...wasmForest(build),
    ...wasmColumn(build),
    ...wasmDense(build),
    ...(extra === undefined ? referenceTail : extra.tail(build)),
    ...(extra === undefined ? referenceNeighbour : extra.neighbour(build)),
  };
}
