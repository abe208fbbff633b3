/** Broken detectors whose scores depend on unseeded randomness, on the kernel set or on the threads. */

import type { Model } from "../../detector/detector.ts";
import type { Matrix } from "../../matrix.ts";
import type { BrokenDetector } from "./broken-detector.ts";
import { fitOf, variantOf, withModel, withTraits } from "./broken-detector.ts";
import { soundDistance } from "./sound-distance.ts";
import { soundRandom } from "./sound-random.ts";

interface CenterTask {
  readonly train: Matrix;
  readonly out: Float64Array;
}

export const brokenDeterminism: readonly BrokenDetector[] = [
  {
    check: "equal-seeds",
    fault: "draws from Math.random",
    detector: variantOf(soundRandom, {
      fit: (train, params, context) =>
        fitOf(soundRandom)(train, params, {
          ...context,
          random: { ...context.random, seed: Math.floor(Math.random() * 2 ** 32) },
        }),
    }),
  },
  {
    check: "seed-use",
    fault: "claims to use randomness, but does not",
    detector: withTraits(soundDistance, { usesRandomness: true }),
  },
  {
    check: "seed-use",
    fault: "claims to use no randomness, but draws",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        context.random.uniform();
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  {
    check: "kernel-parity",
    fault: "rounds to float32 off the reference",
    detector: withModel(soundDistance, (model, { kernels }) => ({
      ...model,
      scoreInto(rows, scores) {
        model.scoreInto(rows, scores);
        if (kernels.name !== "reference") for (let row = 0; row < rows.rowCount; row++) scores[row] = Math.fround(scores[row]);
      },
    })),
  },
  {
    check: "models-apart",
    fault: "keeps its model where the next one overwrites it",
    detector: withSharedSlot(),
  },
  {
    check: "fits-at-once",
    fault: "keeps a half-made model in a variable of its module across an await",
    detector: withSharedWork(),
  },
  {
    check: "large-table",
    fault: "takes a coarser way for large tables off the reference",
    detector: withModel(soundDistance, (model, { kernels, train }) => ({
      ...model,
      scoreInto(rows, scores) {
        model.scoreInto(rows, scores);
        const isCoarse = kernels.name !== "reference" && (train?.rowCount ?? 0) > 1000;
        if (isCoarse) for (let row = 0; row < rows.rowCount; row++) scores[row] = Math.fround(scores[row]);
      },
    })),
  },
  {
    check: "thread-parity",
    fault: "cuts its work by the number of threads, and the cuts show in the scores",
    detector: withModel(soundDistance, (model, { threadCount }) => ({
      ...model,
      scoreInto(rows, scores) {
        model.scoreInto(rows, scores);
        for (let row = 0; row < rows.rowCount; row++) scores[row] += threadCount - 1;
      },
    })),
  },
  {
    check: "thread-parity",
    fault: "has a task write into an array that threads do not share",
    detector: variantOf(soundDistance, {
      async fit(train, params, context) {
        const out = new Float64Array(1);
        await context.threads.map<CenterTask, null>("toy-distance/center", [{ train, out }], context.kernels);
        const { model, trainingScores } = await fitOf(soundDistance)(train, params, context);
        return { model, trainingScores: trainingScores.map((score) => score + out[0]) };
      },
      tasks: {
        center({ train, out }: CenterTask) {
          out[0] = train.rowCount;
          return null;
        },
      },
    }),
  },
  {
    check: "thread-parity",
    fault: "lists a task that it never sends",
    detector: variantOf(soundDistance, { tasks: { idle: () => null } }),
  },
  {
    check: "thread-parity",
    fault: "sends a function to its task",
    detector: variantOf(soundDistance, {
      async fit(train, params, context) {
        await context.threads.map("toy-distance/call", [{ call: () => 1 }], context.kernels);
        return fitOf(soundDistance)(train, params, context);
      },
      tasks: { call: ({ call }: { call: () => number }) => call() },
    }),
  },
];

/** A detector whose models all score with the model of the same width that was fitted last. */
function withSharedSlot() {
  let latest: Model | undefined;
  return withModel(soundDistance, (model) => {
    latest = model;
    return {
      ...model,
      scoreInto(rows, scores) {
        const used = latest?.columnCount === rows.columnCount ? latest : model;
        used.scoreInto(rows, scores);
      },
    };
  });
}

function withSharedWork() {
  let rowCount = 0;
  return variantOf(soundDistance, {
    async fit(train, params, context) {
      ({ rowCount } = train);
      const { model, trainingScores } = await fitOf(soundDistance)(train, params, context);
      const counted = rowCount;
      return { model, trainingScores: trainingScores.map((score) => score + counted) };
    },
  });
}
