/** The column family on WebAssembly: copies in, computes in SIMD, copies out. */

import type { ColumnKernels } from "../column-kernels.ts";
import type { WasmBuild } from "./instance.ts";

export function wasmColumn(_build: WasmBuild): ColumnKernels {
  return {};
}
