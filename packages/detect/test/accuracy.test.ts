import { describe, expect, it } from "vitest";
import {
  judgeAccuracy,
  measureAccuracy,
  referenceAccuracies,
  referenceParams,
  tieRanges,
  tiesExplain,
} from "../test-support/accuracy.ts";
import { adbenchSet, sharedFolder } from "../test-support/shared-data.ts";
import { detectors } from "../src/registry.ts";
import { singleThread } from "../src/threads/single-thread.ts";
import { taskTable } from "../src/threads/task-table.ts";

/** Small sets of each kind; the long form takes all of them. */
const setNames = [
  "4_breastw",
  "6_cardio",
  "14_glass",
  "15_Hepatitis",
  "18_Ionosphere",
  "21_Lymphography",
  "40_vowels",
  "45_wine",
];
const seedCount = 10;
const orderCount = 4;

describe.skipIf(sharedFolder === undefined)("accuracy on labelled sets (needs the shared data)", () => {
  const references = referenceAccuracies();
  const threads = singleThread(taskTable(detectors));

  for (const detector of detectors) {
    const sets = setNames.filter((name) => references.has(`${detector.id}/${name}`));
    if (sets.length === 0) continue;
    it.each(sets)(`${detector.id} ranks as well as the reference on %s`, async (name) => {
      const set = adbenchSet(name);
      const reference = references.get(`${detector.id}/${name}`);
      if (reference === undefined) throw new Error(`no reference for ${name}`);
      const params = referenceParams(detector);
      const ours = await measureAccuracy(detector, set, params, { seedCount, threads });
      const { holds, reason } = judgeAccuracy(ours, reference, detector.traits.usesRandomness);
      if (holds) return;
      // Where equal distances decide who is a neighbour, the order of the rows decides: then it must show that it does.
      const ties = await tieRanges(detector, set, params, { orderCount, threads });
      const explained =
        !detector.traits.usesRandomness &&
        tiesExplain(ties.rocAuc, ours.rocAuc, reference.rocAuc) &&
        tiesExplain(ties.averagePrecision, ours.averagePrecision, reference.averagePrecision);
      expect({ explained, allowed: reason, ours, reference, ties }).toMatchObject({ explained: true });
    });
  }
});
