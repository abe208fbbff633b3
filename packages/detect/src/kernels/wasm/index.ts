/** The WebAssembly kernel sets, one for each build. */

import type { KernelSet } from "../kernel-set.ts";
import { wasmColumn } from "./column.ts";
import { wasmDense } from "./dense.ts";
import { wasmForest } from "./forest.ts";
import type { WasmBuild } from "./instance.ts";
import { wasmNeighbour } from "./neighbour.ts";
import { wasmTail } from "./tail.ts";

/** Compiles every family at once. @throws when the engine lacks the instructions of the build. */
export function wasmKernels(build: WasmBuild): KernelSet {
  return {
    name: build === "relaxedSimd" ? "wasm-relaxed-simd" : "wasm-simd",
    ...wasmForest(build),
    ...wasmNeighbour(build),
    ...wasmColumn(build),
    ...wasmDense(build),
    ...wasmTail(build),
  };
}
