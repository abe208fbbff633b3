/** Checks that incremental models learn the same from rows in pieces as from all rows at once. */

import type { IncrementalModel, Model } from "../../detector/detector.ts";
import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import type { Check } from "../check.ts";
import { copyOfState, differenceOfBits, differenceOfStates } from "../compare.ts";
import type { Corner } from "../corners.ts";
import type { Subject } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

/** So many further rows that models with windows begin new windows. */
const furtherRowCount = 600;

export const learningChecks: readonly Check[] = [
  {
    name: "update-method",
    claim: "A model has an update method exactly where the trait learnsIncrementally says so.",
    run: (subject, report) =>
      subject.eachFit(report, ({ fitted }, report) => {
        const has = "update" in fitted.model;
        const claimed = subject.detector.traits.learnsIncrementally;
        if (has !== claimed) report(`learnsIncrementally is ${claimed}, yet the model has ${has ? "an" : "no"} update method`);
      }),
  },
  {
    name: "update-in-chunks",
    claim: "Updating row by row, in chunks, or after a restore gives the same bits as updating at once, and changes the scores.",
    exempts: (traits) => (traits.learnsIncrementally ? undefined : "it does not learn incrementally"),
    run: async (subject, report) => {
      const further = subject.tables.clustered(furtherRowCount, subject.sample.train.columnCount, 5).train;
      await subject.eachCorner(report, async (corner, report) => {
        const { fresh } = subject.sample;
        const atOnce = await incrementalModel(subject, corner);
        const before = scoresOf(atOnce, fresh);
        updateIn(atOnce, further, further.rowCount);
        const expected = scoresOf(atOnce, fresh);
        if (differenceOfBits(before, expected) === undefined) report(`${furtherRowCount} rows changed no score`);
        const restored = await incrementalModel(subject, corner);
        updateIn(restored, rowRange(further, 0, 250), 250);
        const resumed = subject.detector.restore(copyOfState(restored.toState()), subject.kernels) as IncrementalModel;
        updateIn(resumed, rowRange(further, 250, furtherRowCount), 64);
        const ways: [string, Model][] = [["with a restore after 250 rows", resumed]];
        for (const size of [1, 37])
          ways.push([`${size} at a time`, updateIn(await incrementalModel(subject, corner), further, size)]);
        for (const [way, model] of ways) {
          const difference =
            differenceOfBits(scoresOf(model, fresh), expected) ?? differenceOfStates(model.toState(), atOnce.toState());
          if (difference !== undefined) report(`updated ${way}: ${difference}`);
        }
      });
    },
  },
];

async function incrementalModel(subject: Subject, corner: Corner): Promise<IncrementalModel> {
  const { model } = await subject.fit(copyOf(subject.sample.train), { corner });
  return model as IncrementalModel;
}

function updateIn(model: IncrementalModel, rows: Matrix, size: number): IncrementalModel {
  for (let start = 0; start < rows.rowCount; start += size) {
    // A copy that is overwritten afterwards: a model must not keep the caller's rows.
    const chunk = copyOf(rowRange(rows, start, Math.min(start + size, rows.rowCount)));
    model.update(chunk);
    chunk.values.fill(7);
  }
  return model;
}
