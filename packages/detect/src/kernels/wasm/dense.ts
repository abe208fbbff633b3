/** The dense family on WebAssembly: copies in, computes in SIMD, copies out. */

import type { DenseKernels } from "../dense-kernels.ts";
import type { WasmBuild } from "./instance.ts";

export function wasmDense(_build: WasmBuild): DenseKernels {
  return {};
}
