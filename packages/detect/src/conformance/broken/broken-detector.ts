/** Makes a broken detector from a sound one by changing one thing. */

import type { AnyDetector, FitContext, Fitted, Model, ModelState } from "../../detector/detector.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";

export interface BrokenDetector {
  /** The check that must refuse it. */
  readonly check: string;
  readonly fault: string;
  readonly detector: AnyDetector;
}

type Fit = (train: Matrix, params: Readonly<Record<string, unknown>>, context: FitContext) => Promise<Fitted>;

export function fitOf(detector: unknown): Fit {
  return (train, params, context) => (detector as AnyDetector).fit(train, params as never, context);
}

/** The detector with some of its parts replaced. */
export function variantOf(base: unknown, changes: Partial<Omit<AnyDetector, "fit">> & { fit?: Fit }): AnyDetector {
  return { ...(base as AnyDetector), ...changes };
}

/** The detector with every model it makes, fitted or restored, replaced. */
export function withModel(
  base: unknown,
  change: (model: Model, made: { train?: Matrix; kernels: KernelSet; threadCount: number }) => Model,
): AnyDetector {
  const detector = base as AnyDetector;
  return variantOf(base, {
    async fit(train, params, context) {
      const { model } = await fitOf(base)(train, params, context);
      const changed = change(model, { train, kernels: context.kernels, threadCount: context.threads.count });
      const trainingScores = new Float64Array(train.rowCount);
      changed.scoreInto(train, trainingScores);
      return { model: changed, trainingScores };
    },
    restore: (state: ModelState, kernels: KernelSet) => change(detector.restore(state, kernels), { kernels, threadCount: 1 }),
  });
}

/** The detector with every score replaced by a function of it and its row. */
export function withScores(base: unknown, scoreOf: (score: number, row: number, rows: Matrix) => number): AnyDetector {
  return withModel(base, (model) => ({
    ...model,
    scoreInto(rows, scores) {
      model.scoreInto(rows, scores);
      for (let row = 0; row < rows.rowCount; row++) scores[row] = scoreOf(scores[row], row, rows);
    },
  }));
}

/** The detector with other traits. */
export function withTraits(base: unknown, traits: Partial<AnyDetector["traits"]>): AnyDetector {
  return variantOf(base, { traits: { ...(base as AnyDetector).traits, ...traits } });
}
