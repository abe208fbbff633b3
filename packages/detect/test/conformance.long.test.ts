import { describe, expect, it } from "vitest";
import { cornerPairsOf } from "../src/conformance/corners.ts";
import { availableKernelSets, checkDetector } from "../src/conformance/index.ts";
import { clusteredSample } from "../src/conformance/samples.ts";
import type { SubjectOptions } from "../src/conformance/index.ts";
import type { AnyDetector } from "../src/detector/detector.ts";
import { detectors } from "../src/registry.ts";

/** The whole suite again, on what the short form has no time for. */
const settings: readonly { readonly what: string; readonly optionsOf: (detector: AnyDetector) => SubjectOptions }[] = [
  { what: "on 601 rows of 9 columns", optionsOf: () => ({ sample: clusteredSample(601, 9, 21), seed: 12 }) },
  { what: "on 60 rows of 1 column", optionsOf: () => ({ sample: clusteredSample(60, 1, 22), seed: 13 }) },
  {
    what: "with every two parameters off their defaults",
    optionsOf: (detector) => ({ corners: cornerPairsOf(detector.params), seed: 14 }),
  },
];
const timeoutMs = 1_200_000;
/** Compiled once for all. */
const kernelSets = availableKernelSets();

describe.each(settings)("the conformance suite $what", ({ optionsOf }) => {
  it.each(detectors.map((detector) => ({ id: detector.id, detector })))(
    "passes $id",
    async ({ detector }) => {
      const faults: string[] = [];
      const options = { kernelSets, fitTimeoutMs: 120_000, ...optionsOf(detector) };
      for await (const { check, outcome, details } of checkDetector(detector, options)) {
        if (outcome === "failed") faults.push(`${check}: ${details.join("; ")}`);
      }
      expect(faults).toEqual([]);
    },
    timeoutMs,
  );
});
