/** Picks the fastest kernel set that this engine runs and that passes its self-test. */

import type { KernelSet, KernelSetName } from "./kernel-set.ts";
import { referenceKernels } from "./reference/index.ts";
import { selfTest } from "./self-test.ts";
import { type ExtraFamilies, wasmKernels } from "./wasm/index.ts";

let extra: ExtraFamilies | undefined;

/** Adds families of kernels: entry points with every detector call this before the first choice, bundles of one do not. */
export function addFamilies(families: ExtraFamilies): void {
  extra = families;
}

/** Sets that have passed their self-test. */
const passed = new Map<KernelSetName, KernelSet>([["reference", referenceKernels]]);
let chosen: KernelSet | undefined;

/** The fastest set, chosen once a thread. Falls back to `reference` where WebAssembly SIMD is missing or computes wrongly. */
export function chooseKernels(): KernelSet {
  chosen ??= tryKernels("wasm-relaxed-simd") ?? tryKernels("wasm-simd") ?? referenceKernels;
  return chosen;
}

/** Every set that this engine runs: the reference first, the fastest last. */
export function availableKernels(): KernelSet[] {
  return [referenceKernels, ...(["wasm-simd", "wasm-relaxed-simd"] as const).flatMap((name) => tryKernels(name) ?? [])];
}

/** The set of that name. @throws when this engine cannot run it, or it fails its self-test. */
export function kernelsByName(name: KernelSetName): KernelSet {
  const held = passed.get(name);
  if (held !== undefined) return held;
  const kernels = wasmKernels(name === "wasm-relaxed-simd" ? "relaxedSimd" : "simd", extra);
  selfTest(kernels, referenceKernels);
  passed.set(name, kernels);
  return kernels;
}

function tryKernels(name: KernelSetName): KernelSet | undefined {
  try {
    return kernelsByName(name);
  } catch {
    // Whatever the reason (no WebAssembly, missing instructions, a page's policy, a wrong answer), another set does the work.
    return undefined;
  }
}
