/** Sets of balls on WebAssembly. The last ensemble stays in the arena, so that a block of rows costs only its rows. */

import type { BallEnsemble, ForestKernels } from "../forest-kernels.ts";
import { referenceForest } from "../reference/forest.ts";
import type { WasmArena } from "./instance.ts";
import { sumInBlocks } from "./row-blocks.ts";

/** Fewer rows than these are not worth the copies. */
const rowCountMin = 4;
/** More values of centres than these stay where they are. */
const centerValueCountMax = 33_554_432;

interface PlacedEnsemble {
  readonly ensemble: BallEnsemble;
  readonly centers: number;
  readonly squaredRadii: number;
  readonly values: number;
  readonly end: number;
}

/** @param openArena makes the arena when it is first needed. */
export function createBallEnsembleInto(openArena: () => WasmArena): ForestKernels["ballEnsembleInto"] {
  let arena: WasmArena | undefined;
  let resident: PlacedEnsemble | undefined;

  return (ensemble, rows, sums) => {
    if (rows.rowCount < rowCountMin || ensemble.centers.length > centerValueCountMax) {
      referenceForest.ballEnsembleInto(ensemble, rows, sums);
      return;
    }
    const open = (arena ??= openArena());
    if (resident?.ensemble !== ensemble) resident = placeEnsemble(open, ensemble);
    const { centers, squaredRadii, values, end } = resident;
    const { memberCount, blockCount, columnCount } = ensemble;
    sumInBlocks(open, end, rows, sums, ({ valuesAt, rowCount, sumsAt }) => {
      open.call["coverRows"](centers, squaredRadii, values, memberCount, blockCount, valuesAt, columnCount, rowCount, sumsAt);
    });
  };
}

function placeEnsemble(arena: WasmArena, ensemble: BallEnsemble): PlacedEnsemble {
  arena.reset();
  const centers = arena.put(ensemble.centers);
  const squaredRadii = arena.put(ensemble.squaredRadii);
  const values = arena.put(ensemble.values);
  return { ensemble, centers, squaredRadii, values, end: arena.reserve(0) };
}
