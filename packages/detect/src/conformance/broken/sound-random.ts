/** A toy detector that passes every check: random, fitted by tasks on threads. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { defineDetector } from "../../detector/detector.ts";
import { stateArray, stateInteger } from "../../detector/state.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { NomalyError } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import { sharedFloat64, toSharedMatrix } from "../../shared-memory.ts";
import { cutRanges } from "../../threads/threads.ts";

interface ProjectionTask {
  readonly seed: number;
  readonly start: number;
  readonly end: number;
  readonly train: Matrix;
  /** On shared memory: 2 numbers a projection. */
  readonly moments: Float64Array;
}

/** Mean standardised distance along random directions; its projections are fitted on threads. */
export const soundRandom = defineDetector({
  id: "toy-random",
  summary: "Mean standardised distance along random directions.",
  traits: {
    ...traitDefaults,
    usesRandomness: true,
    trainingScoresAreRescores: true,
    rowMinimum: 1,
    unitsMatter: true,
    shiftInvariant: true,
  },
  params: {
    nProjections: { kind: "integer", default: 24, min: 1, max: 1000, summary: "Number of random directions." },
  },
  async fit(train, params, { random, threads, kernels, signal, progress }) {
    const count = params.nProjections;
    const moments = sharedFloat64(2 * count);
    const shared = toSharedMatrix({ ...train, values: train.values.slice() });
    const inputs = cutRanges(count, threads.count * 2).map((range) => ({ ...range, seed: random.seed, train: shared, moments }));
    const onDone = (doneCount: number) => progress?.(doneCount / inputs.length);
    await threads.map<ProjectionTask, null>("toy-random/project", inputs, kernels, { ...(signal && { signal }), onDone });
    const seeds = Float64Array.of(random.seed);
    const model = randomModel({ values: { columnCount: train.columnCount }, arrays: { moments: moments.slice(), seeds } });
    const trainingScores = new Float64Array(train.rowCount);
    model.scoreInto(train, trainingScores);
    return { model, trainingScores };
  },
  restore: randomModel,
  tasks: { project },
});

function project({ seed, start, end, train, moments }: ProjectionTask): null {
  for (let index = start; index < end; index++) {
    const direction = directionOf(seed, index, train.columnCount);
    let mean = 0;
    for (let row = 0; row < train.rowCount; row++) mean += projected(train, row, direction) / train.rowCount;
    let spread = 0;
    for (let row = 0; row < train.rowCount; row++) spread += Math.abs(projected(train, row, direction) - mean) / train.rowCount;
    moments[2 * index] = mean;
    moments[2 * index + 1] = spread;
  }
  return null;
}

function randomModel(state: ModelState): Model {
  const columnCount = stateInteger(state, "columnCount", 1, 10_000);
  const moments = stateArray(state, "moments", Float64Array);
  const [seed] = stateArray(state, "seeds", Float64Array, 1);
  const count = moments.length / 2;
  if (!Number.isInteger(count) || count < 1) throw new NomalyError("MODEL_FILE", "moments must hold two numbers a projection");
  const directions = Array.from({ length: count }, (_, index) => directionOf(seed, index, columnCount));

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let row = 0; row < rows.rowCount; row++) {
      let sum = 0;
      for (let index = 0; index < count; index++) {
        const spread = moments[2 * index + 1];
        const deviation = Math.abs(projected(rows, row, directions[index]) - moments[2 * index]);
        sum += spread > 0 ? Math.min(deviation / spread, Number.MAX_VALUE) / count : 0;
      }
      scores[row] = sum;
    }
  }

  return { columnCount, scoreInto, toState: () => state };
}

function directionOf(seed: number, index: number, columnCount: number): Float64Array {
  const random = createRandom(seed).stream(index);
  return Float64Array.from({ length: columnCount }, () => random.normal());
}

function projected(rows: Matrix, row: number, direction: Float64Array): number {
  let sum = 0;
  for (let column = 0; column < direction.length; column++)
    sum += rows.values[row * direction.length + column] * direction[column];
  return sum;
}
