/** Broken detectors: unsound specs, endless fits, wrong progress, false claims of invariance; and one whose scores changed. */

import type { FitContext } from "../../detector/detector.ts";
import { throwIfAborted } from "../../errors.ts";
import type { BrokenDetector } from "./broken-detector.ts";
import { fitOf, variantOf, withScores, withTraits } from "./broken-detector.ts";
import { soundDistance } from "./sound-distance.ts";
import { soundRunning } from "./sound-running.ts";

/** How long a broken detector keeps the thread busy for each row: short in total on the small tables of the other checks. */
const busyMsPerRow = 0.25;

export const brokenControl: readonly BrokenDetector[] = [
  { check: "specs", fault: "has an id in capitals", detector: variantOf(soundDistance, { id: "ToyDistance" }) },
  { check: "specs", fault: "has no sentence for a summary", detector: variantOf(soundDistance, { summary: "distance" }) },
  {
    check: "specs",
    fault: "takes the number of threads for a parameter",
    detector: variantOf(soundDistance, {
      params: {
        ...soundDistance.params,
        nJobs: { kind: "integer", default: 1, min: 1, max: 8, summary: "How many threads to use." },
      },
    }),
  },
  {
    check: "specs",
    fault: "has a default out of its range",
    detector: variantOf(soundDistance, {
      params: {
        ...soundDistance.params,
        power: { kind: "number", default: 9, min: 1, max: 4, summary: "Power of each distance." },
      },
    }),
  },
  { check: "specs", fault: "says that units matter and do not", detector: withTraits(soundDistance, { unitsMatter: true }) },
  {
    check: "specs",
    fault: "scores series, yet in any order alike",
    detector: withTraits(soundDistance, { scoresSeries: true }),
  },
  {
    check: "fit-ends",
    fault: "iterates for ever where the power is above 1",
    detector: variantOf(soundDistance, {
      async fit(train, params, context) {
        while (Number(params["power"]) > 1) {
          throwIfAborted(context.signal);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  {
    check: "abort-before",
    fault: "never looks at the signal",
    detector: variantOf(soundDistance, {
      fit: (train, params, context) => fitOf(soundDistance)(train, params, withoutSignal(context)),
    }),
  },
  {
    check: "abort-during",
    fault: "looks at the signal on the way, and goes on",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        throwIfAborted(context.signal);
        const isStopped = context.signal?.aborted === true;
        return fitOf(soundDistance)(train, isStopped ? { ...params } : params, withoutSignal(context));
      },
    }),
  },
  {
    check: "lets-events-in",
    fault: "looks at the signal all the time, but never lets an event in that could fire it",
    detector: variantOf(soundDistance, {
      fit(train, params, context) {
        const end = performance.now() + train.rowCount * busyMsPerRow;
        while (performance.now() < end) throwIfAborted(context.signal);
        return fitOf(soundDistance)(train, params, context);
      },
    }),
  },
  { check: "progress", fault: "falls back", detector: withProgress([0.5, 0.25, 1]) },
  { check: "progress", fault: "counts in per cent", detector: withProgress([50, 100]) },
  { check: "progress", fault: "ends before the end", detector: withProgress([0.5, 0.9]) },
  {
    check: "row-order",
    fault: "measures from the first row, and does not say that order matters",
    detector: withTraits(soundRunning, { rowOrderMatters: false }),
  },
  {
    check: "row-order",
    fault: "says that the order of rows matters, though it does not",
    detector: withTraits(soundDistance, { rowOrderMatters: true }),
  },
  {
    check: "column-order",
    fault: "weighs earlier columns more, and does not say so",
    detector: withTraits(soundRunning, { columnOrderMatters: false }),
  },
  {
    check: "column-order",
    fault: "says that the order of columns matters, though it does not",
    detector: withTraits(soundDistance, { columnOrderMatters: true }),
  },
  {
    check: "shift",
    fault: "claims to ignore shifts, but adds the first value",
    detector: withScores(soundDistance, addFirstValue),
  },
  {
    check: "shift",
    fault: "ignores shifts, but does not say so",
    detector: withTraits(soundDistance, { shiftInvariant: false }),
  },
  {
    check: "scale",
    fault: "claims to ignore units, but adds the first value",
    detector: withScores(soundDistance, addFirstValue),
  },
  { check: "scale", fault: "ignores units, but does not say so", detector: withTraits(soundDistance, { scaleInvariant: false }) },
  {
    check: "golden-scores",
    fault: "scores a thousandth more than it used to",
    detector: withScores(soundDistance, (score) => score * 1.001),
  },
];

function addFirstValue(
  score: number,
  row: number,
  { values, columnCount }: { values: Float64Array; columnCount: number },
): number {
  return score + values[row * columnCount];
}

function withoutSignal(context: FitContext): FitContext {
  const { signal: _ignored, ...rest } = context;
  return rest;
}

function withProgress(reports: readonly number[]) {
  return variantOf(soundDistance, {
    fit(train, params, context) {
      for (const done of reports) context.progress?.(done);
      const { progress: _unused, ...rest } = context;
      return fitOf(soundDistance)(train, params, rest);
    },
  });
}
