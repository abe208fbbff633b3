/** Adds the kernel families that a bundle of a single detector leaves out. */

import { addFamilies } from "./choose.ts";
import { wasmNeighbour } from "./wasm/neighbour.ts";
import { wasmTail } from "./wasm/tail.ts";

export function useEveryFamily(): void {
  addFamilies({ tail: wasmTail, neighbour: wasmNeighbour });
}
