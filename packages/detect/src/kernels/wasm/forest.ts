/** The forest family on WebAssembly. Each kernel has a memory of its own, in which its last ensemble stays. */

import type { ForestKernels } from "../forest-kernels.ts";
import { createBallEnsembleInto } from "./ball-ensemble.ts";
import { createCompleteForestInto } from "./complete-forest.ts";
import { createObliqueForestInto } from "./oblique-forest.ts";
import { relaxedSimd, simd } from "./generated/forest.ts";
import { compileModule, createArena, type WasmBuild } from "./instance.ts";

export function wasmForest(build: WasmBuild): ForestKernels {
  let module: WebAssembly.Module | undefined;

  function openArena() {
    module ??= compileModule(build === "simd" ? simd : relaxedSimd);
    return createArena(module);
  }

  return {
    completeForestInto: createCompleteForestInto(openArena),
    obliqueForestInto: createObliqueForestInto(openArena),
    ballEnsembleInto: createBallEnsembleInto(openArena),
  };
}
