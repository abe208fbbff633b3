/** The kernel sets that this engine can run. */

import { kernelsByName } from "../kernels/choose.ts";
import type { KernelSet, KernelSetName } from "../kernels/kernel-set.ts";

const names: readonly KernelSetName[] = ["reference", "wasm-simd", "wasm-relaxed-simd"];

/** The reference first, the fastest last. */
export function availableKernelSets(): KernelSet[] {
  return names.flatMap((name) => {
    try {
      return [kernelsByName(name)];
    } catch (error) {
      // Compilation fails where the engine lacks the instructions: that is the question being asked.
      if (error instanceof WebAssembly.CompileError || error instanceof ReferenceError) return [];
      throw error;
    }
  });
}
