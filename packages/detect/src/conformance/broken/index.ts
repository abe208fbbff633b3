/** Toy detectors: sound ones that pass every check, and broken ones, each of which some check must refuse. */

import type { AnyDetector } from "../../detector/detector.ts";
import type { BrokenDetector } from "./broken-detector.ts";
import { brokenControl } from "./broken-control.ts";
import { brokenDeterminism } from "./broken-determinism.ts";
import { brokenScoring } from "./broken-scoring.ts";
import { brokenSense } from "./broken-sense.ts";
import { brokenState } from "./broken-state.ts";
import { soundDistance } from "./sound-distance.ts";
import { soundRandom } from "./sound-random.ts";
import { soundRunning } from "./sound-running.ts";

export type { BrokenDetector } from "./broken-detector.ts";

export const soundDetectors: readonly AnyDetector[] = [soundDistance, soundRandom, soundRunning];

export const brokenDetectors: readonly BrokenDetector[] = [
  ...brokenControl,
  ...brokenScoring,
  ...brokenDeterminism,
  ...brokenState,
  ...brokenSense,
];
