/** The conformance suite: checks a detector against the contract and its own traits. It needs no test runner. */

export { availableKernelSets } from "./available-kernel-sets.ts";
export type { Check, CheckResult } from "./check.ts";
export { checkDetector, checks, exemptionOf, runCheck } from "./check-detector.ts";
export type { Corner } from "./corners.ts";
export { cornersOf } from "./corners.ts";
export type { GoldenScores } from "./golden-scores.ts";
export { goldenScoresOf } from "./golden-scores.ts";
export type { Subject, SubjectOptions } from "./subject.ts";
export { createSubject } from "./subject.ts";
