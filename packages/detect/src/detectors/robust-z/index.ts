/** robust-z: distance of each value from its column's median, in robust standard deviations. */

import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { columnMajor, columnMajorInto } from "../../structures/ecdf/column-major.ts";
import { throwIfAborted } from "../../errors.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { centerAndScale } from "./center-and-scale.ts";
import type { CenterAndScale, CenterAndScaleTask } from "./center-and-scale.ts";
import { createRobustZModel, restoreRobustZ } from "./model.ts";

/**
 * Scores a row by its most unusual column, in robust standard deviations.
 *
 * Each column is centred on its median and divided by its median absolute deviation (MAD), so that the anomalies
 * themselves hardly move the median or the scale. A row's score combines its columns' absolute z-scores.
 *
 * Good at: one value far from the rest of its column. Bad at: unusual combinations of usual values; use mcd or knn.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   robust standard deviations, >= 0; columns: any units.
 * Missing refused.
 * Cost    fit O(n d) by radix sort, score O(d) a row; memory O(n d) while fitting, O(d) after.
 * Random  none.
 * Numeric a column with MAD 0 falls back to the mean absolute deviation; a constant column counts any other value as
 *         100; no value counts more than 1e300.
 * Source  Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993, section 3.3: M = 0.6745 (x - median) / MAD.
 */
export const robustZ = defineDetector({
  id: "robust-z",
  summary: "Distance from the column median in robust standard deviations: simple, instant, explains itself.",
  traits: {
    ...traitDefaults,
    trainingScoresAreRescores: true,
    explains: "sums-to-score",
    shiftInvariant: true,
    scaleInvariant: true,
  },
  params: {
    aggregate: {
      kind: "choice",
      default: "max",
      choices: ["max", "mean"],
      summary: "How a row's columns combine: the largest absolute z-score, or their mean.",
    },
  },
  async fit(train, params, context) {
    const { columnCount, rowCount } = train;
    const { threads, kernels, signal, progress } = context;
    throwIfAborted(signal);
    const columns = await columnMajor("robust-z", train, context);
    const inputs = Array.from({ length: columnCount }, (_, index) => ({
      column: columns.subarray(index * rowCount, (index + 1) * rowCount),
    }));
    const onDone = (doneCount: number) => progress?.(doneCount / columnCount);
    const options = { ...(signal === undefined ? {} : { signal }), onDone };
    const fitted = await threads.map<CenterAndScaleTask, CenterAndScale>("robust-z/centerAndScale", inputs, kernels, options);
    const centers = Float64Array.from(fitted, ({ centre }) => centre);
    const scales = Float64Array.from(fitted, ({ scale }) => scale);
    const model = createRobustZModel({ centers, scales, aggregate: params.aggregate });
    const scoring = { kernels, threads, ...(signal === undefined ? {} : { signal }) };
    return { model, trainingScores: await scoreRows("robust-z", model, train, scoring) };
  },
  restore: restoreRobustZ,
  tasks: { columnMajor: columnMajorInto, centerAndScale },
});
