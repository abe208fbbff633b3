/** Tests, over given labelled sets, that detectors rank rows as well as the reference library. */

import { afterAll, describe, expect, it } from "vitest";
import type { AnyDetector } from "../src/detector/detector.ts";
import { detectors } from "../src/registry.ts";
import type { Threads } from "../src/threads/threads.ts";
import type { Accuracy } from "./accuracy.ts";
import { judgeAccuracy, measureAccuracy, referenceAccuracies, referenceParams, tieRanges, tiesExplain } from "./accuracy.ts";
import type { LabelledSet } from "./shared-data.ts";
import { adbenchSet, sharedFolder } from "./shared-data.ts";

export interface AccuracyTestOptions {
  readonly threads: Threads;
  /** Seeds for detectors that use randomness, on a set of `rowCount` rows. */
  readonly seedCountOf: (rowCount: number) => number;
  /** How many orders of the rows are tried where equal distances may decide. */
  readonly orderCount: number;
  /** Time limit for one detector on one set. */
  readonly timeoutMs: number;
}

/** Makes one test for each detector and set of which the reference has figures. Closes the threads at the end. */
export function testAccuracyOn(setNames: readonly string[], options: AccuracyTestOptions): void {
  afterAll(() => options.threads.close());
  describe.skipIf(sharedFolder === undefined)("accuracy on labelled sets (needs the shared data)", () => {
    const references = referenceAccuracies();
    for (const detector of detectors) {
      const sets = setNames.filter((name) => references.has(`${detector.id}/${name}`));
      if (sets.length === 0) continue;
      it.each(sets)(
        `${detector.id} ranks as well as the reference on %s`,
        async (name) => {
          const reference = references.get(`${detector.id}/${name}`) as Accuracy;
          expect(await unexplainedDifference(detector, adbenchSet(name), reference, options)).toBeUndefined();
        },
        options.timeoutMs,
      );
    }
  });
}

async function unexplainedDifference(
  detector: AnyDetector,
  set: LabelledSet,
  reference: Accuracy,
  { threads, seedCountOf, orderCount }: AccuracyTestOptions,
): Promise<unknown> {
  const params = referenceParams(detector);
  const seedCount = seedCountOf(set.rows.rowCount);
  const ours = await measureAccuracy(detector, set, params, { seedCount, threads });
  const { holds, reason } = judgeAccuracy(ours, reference, detector.traits.usesRandomness);
  if (holds) return undefined;
  // Where ties choose the neighbours, the order of the rows changes the figure: the reference must lie in the range it makes.
  const ties = await tieRanges(detector, set, params, { orderCount, threads });
  const explained =
    !detector.traits.usesRandomness &&
    tiesExplain(ties.rocAuc, ours.rocAuc, reference.rocAuc) &&
    tiesExplain(ties.averagePrecision, ours.averagePrecision, reference.averagePrecision);
  return explained ? undefined : { allowed: reason, ours, reference, ties };
}
