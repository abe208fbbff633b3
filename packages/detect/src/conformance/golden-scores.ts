/** Golden scores: a few scores of the defaults, kept in a file, so that a check notices when a score changes. */

import type { Subject } from "./subject.ts";

/** Scores that must never change unnoticed. */
export interface GoldenScores {
  /** Scores of the first training rows of the shared sample; of a series the last, as the first ones have no past to differ from. */
  readonly train: readonly number[];
  /** Scores of all its fresh rows. */
  readonly fresh: readonly number[];
}

const trainCount = 12;

/** Fits the defaults on the reference kernels and returns the scores to keep. */
export async function goldenScoresOf(subject: Subject): Promise<GoldenScores> {
  const { fitted, freshScores } = await subject.shared(subject.corners[0], subject.kernelSets[0]);
  const { trainingScores } = fitted;
  const start = subject.detector.traits.scoresSeries ? trainingScores.length - trainCount : 0;
  return { train: [...trainingScores.subarray(start, start + trainCount)], fresh: [...freshScores] };
}
