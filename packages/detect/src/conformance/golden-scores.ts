/** Golden scores: a few scores of the defaults, kept in a file, so that a check notices when a score changes. */

import type { Subject } from "./subject.ts";

/** Scores that must never change unnoticed. */
export interface GoldenScores {
  /** Scores of the first training rows of the shared sample. */
  readonly train: readonly number[];
  /** Scores of all its fresh rows. */
  readonly fresh: readonly number[];
}

const trainCount = 12;

/** Fits the defaults on the reference kernels and returns the scores to keep. */
export async function goldenScoresOf(subject: Subject): Promise<GoldenScores> {
  const { fitted, freshScores } = await subject.shared(subject.corners[0], subject.kernelSets[0]);
  return { train: [...fitted.trainingScores.subarray(0, trainCount)], fresh: [...freshScores] };
}
