/** Picks the fastest kernel set that this engine runs and that passes its self-test. */

import type { KernelSet, KernelSetName } from "./kernel-set.ts";
import { referenceKernels } from "./reference/index.ts";
import { wasmKernels } from "./wasm/index.ts";

let chosen: KernelSet | undefined;

/** The fastest set, chosen once a thread. Falls back to `reference` where WebAssembly SIMD is missing. */
export function chooseKernels(): KernelSet {
  chosen ??= tryKernels("wasm-relaxed-simd") ?? tryKernels("wasm-simd") ?? referenceKernels;
  return chosen;
}

/** The set of that name. @throws when this engine cannot run it. */
export function kernelsByName(name: KernelSetName): KernelSet {
  if (chosen?.name === name) return chosen;
  switch (name) {
    case "reference":
      return referenceKernels;
    case "wasm-simd":
      return wasmKernels("simd");
    case "wasm-relaxed-simd":
      return wasmKernels("relaxedSimd");
  }
}

function tryKernels(name: KernelSetName): KernelSet | undefined {
  try {
    return kernelsByName(name);
  } catch (error) {
    // Compilation fails where the engine lacks the instructions: that is the question being asked.
    if (error instanceof WebAssembly.CompileError || error instanceof ReferenceError) return undefined;
    throw error;
  }
}
