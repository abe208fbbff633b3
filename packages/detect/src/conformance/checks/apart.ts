/** Checks that models and fits do not influence each other: not in kernels' memory, not across an await, not on large tables. */

import type { Fitted, Model } from "../../detector/detector.ts";
import { rowRange } from "../../matrix.ts";
import type { Check } from "../check.ts";
import { differenceOfBits } from "../compare.ts";
import type { Sample } from "../samples.ts";
import type { Subject } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

/** So many rows that detectors use the trees, blocks and caches which they skip for small tables. */
const largeRowCount = 2103;

export const apartChecks: readonly Check[] = [
  {
    name: "models-apart",
    claim: "Models scored in turn under one kernel set do not disturb each other, whatever their sizes.",
    run: async (subject, report) => {
      const others = [
        subject.tables.clustered(90, 4, 7),
        subject.tables.clustered(140, 3, 9),
        subject.tables.clustered(120, 4, 8),
      ];
      for (const kernels of subject.kernelSets) {
        const pairs: [Model, Sample, Float64Array][] = [];
        for (const sample of others) {
          const { model } = await subject.fit(copyOf(sample.train), { kernels });
          pairs.push([model, sample, scoresOf(model, sample.fresh)]);
        }
        for (const [model, sample, expected] of [...pairs, ...pairs.toReversed()]) {
          const alone = rowRange(sample.fresh, 0, 1);
          const difference =
            differenceOfBits(scoresOf(model, alone), expected.subarray(0, 1)) ??
            differenceOfBits(scoresOf(model, sample.fresh), expected);
          if (difference !== undefined) report(`${kernels.name}: scored after another model: ${difference}`);
        }
      }
    },
  },
  {
    name: "fits-at-once",
    claim: "Fits that run at the same time give the bits that they give one after the other.",
    run: async (subject, report) => {
      const samples = [
        subject.tables.clustered(90, 4, 7),
        subject.tables.clustered(120, 4, 8),
        subject.tables.clustered(140, 3, 9),
      ];
      const inTurn: Fitted[] = [];
      for (const { train } of samples) inTurn.push(await subject.fit(copyOf(train)));
      const atOnce = await Promise.all(samples.map(({ train }) => subject.fit(copyOf(train))));
      for (const [i, { name, fresh }] of samples.entries()) {
        const training = differenceOfBits(atOnce[i].trainingScores, inTurn[i].trainingScores);
        const difference = training ?? differenceOfBits(scoresOf(atOnce[i].model, fresh), scoresOf(inTurn[i].model, fresh));
        if (difference !== undefined) report(`${name}, fitted beside others: ${difference}`);
      }
    },
  },
  {
    name: "large-table",
    claim: "On 2,103 rows too, kernel sets and batches of every size give the same bits.",
    run: async (subject, report) => {
      const sample = subject.tables.clustered(largeRowCount, 3, 10);
      let reference: Fitted | undefined;
      for (const kernels of subject.kernelSets) {
        const fitted = await subject.fit(copyOf(sample.train), { kernels });
        reference ??= fitted;
        for (const [what, difference] of differencesOnLarge(subject, sample, fitted, reference)) {
          if (difference !== undefined) report(`${kernels.name}: ${what}: ${difference}`);
        }
      }
    },
  },
];

function differencesOnLarge(
  subject: Subject,
  { train }: Sample,
  fitted: Fitted,
  reference: Fitted,
): [string, string | undefined][] {
  const atOnce = scoresOf(fitted.model, train);
  const inBlocks = (size: number) => {
    const scores = new Float64Array(train.rowCount);
    for (let start = 0; start < train.rowCount; start += size) {
      const end = Math.min(start + size, train.rowCount);
      fitted.model.scoreInto(rowRange(train, start, end), scores.subarray(start, end));
    }
    return scores;
  };
  const restored = subject.detector.restore(fitted.model.toState(), subject.kernels);
  return [
    ["training scores", differenceOfBits(fitted.trainingScores, reference.trainingScores)],
    ["scores", differenceOfBits(atOnce, scoresOf(reference.model, train))],
    ["scores one by one", differenceOfBits(inBlocks(1), atOnce)],
    ["scores in blocks of 333", differenceOfBits(inBlocks(333), atOnce)],
    ["scores of the restored model", differenceOfBits(scoresOf(restored, train), atOnce)],
  ];
}
