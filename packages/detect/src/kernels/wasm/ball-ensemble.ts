/** Sets of balls on WebAssembly. The last ensemble stays in the arena, so that a block of rows costs only its rows. */

import type { BallEnsemble, ForestKernels } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { WasmArena } from "./instance.ts";
import { createResidence } from "./residence.ts";
import { sumInBlocks } from "./row-blocks.ts";

/** Ensembles with more values of centres are not copied into the arena: the reference scores them. */
const centerValueCountMax = 33_554_432;

interface PlacedEnsemble {
  readonly centers: number;
  readonly squaredRadii: number;
  readonly values: number;
  readonly end: number;
}

/** @param openArena makes the arena when it is first needed. */
export function createBallEnsembleInto(openArena: () => WasmArena): ForestKernels["ballEnsembleInto"] {
  let arena: WasmArena | undefined;
  const residence = createResidence((ensemble: BallEnsemble) => placeEnsemble((arena ??= openArena()), ensemble));

  return (ensemble, rows, sums) => {
    const placed = ensemble.centers.length > centerValueCountMax ? undefined : residence(ensemble, rows.rowCount);
    if (arena === undefined || placed === undefined) {
      referenceForest.ballEnsembleInto(ensemble, rows, sums);
      return;
    }
    const { call } = arena;
    const { centers, squaredRadii, values, end } = placed;
    const { memberCount, blockCount, columnCount } = ensemble;
    sumInBlocks(arena, end, rows, sums, ({ valuesAt, rowCount, sumsAt }) => {
      call["coverRows"](centers, squaredRadii, values, memberCount, blockCount, valuesAt, columnCount, rowCount, sumsAt);
    });
  };
}

function placeEnsemble(arena: WasmArena, ensemble: BallEnsemble): PlacedEnsemble {
  arena.reset();
  const centers = arena.put(ensemble.centers);
  const squaredRadii = arena.put(ensemble.squaredRadii);
  const values = arena.put(ensemble.values);
  return { centers, squaredRadii, values, end: arena.reserve(0) };
}
