/** Tests that the library refuses every changed model file or scores with numbers. */

import { describe, expect, it } from "vitest";
import { cornersOf } from "../src/conformance/corners.ts";
import { tablesFor } from "../src/conformance/tables.ts";
import type { AnyDetector } from "../src/detector/detector.ts";
import { detectors } from "../src/registry.ts";
import { createLibrary } from "../src/library/library.ts";
import { faultOf, mutantOf } from "./model-mutations.ts";

/** Enough rows for the code paths of kernels that take blocks of rows. */
const scoredRowCount = 20;
const faultCountMax = 5;

/**
 * @param options.mutantCount mutants of each saved model.
 * @param options.everyCorner models of every switch and word of the parameters, not of the defaults alone.
 */
export function testMutatedModels(options: { mutantCount: number; seed: number; everyCorner: boolean; timeoutMs: number }): void {
  const { mutantCount, seed, timeoutMs } = options;
  describe(`${mutantCount} changed model files, their checksums right, are refused with a code or score in numbers`, () => {
    const library = createLibrary({ detectors });

    it.each(detectors.map((detector) => ({ id: detector.id, detector })))(
      "of $id",
      async ({ id, detector }) => {
        const { train, fresh } = tablesFor(detector.traits).clustered(60, 3);
        const { columnCount } = train;
        const rows = { values: fresh.values.slice(0, scoredRowCount * columnCount), columnCount };
        for (const params of paramsOf(detector, options.everyCorner)) {
          const model = await library.fit({ values: train.values, columnCount }, { detector: id, params });
          const saved = model.save();
          const faults: string[] = [];
          for (let index = 0; index < mutantCount && faults.length < faultCountMax; index++) {
            const mutant = mutantOf(saved, seed, index);
            const fault = faultOf(mutant, library, rows);
            if (fault !== undefined) faults.push(`mutant ${index} of ${JSON.stringify(params)} (${mutant.what}): ${fault}`);
          }
          expect(faults).toEqual([]);
        }
      },
      timeoutMs,
    );
  });
}

/** These rows may refuse numbers beyond their count, so corners of switches and words are the only ones tried. */
function paramsOf(detector: AnyDetector, everyCorner: boolean) {
  const corners = cornersOf(detector.params);
  return (everyCorner ? corners.filter(({ isSwitched }, index) => index === 0 || isSwitched) : corners.slice(0, 1)).map(
    ({ params }) => params,
  );
}
