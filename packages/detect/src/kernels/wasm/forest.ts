/** The forest family on WebAssembly: copies in, computes in SIMD, copies out. */

import type { ForestKernels } from "../forest-kernels.ts";
import type { WasmBuild } from "./instance.ts";

export function wasmForest(_build: WasmBuild): ForestKernels {
  return {};
}
