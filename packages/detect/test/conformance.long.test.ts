import { describe, expect, it } from "vitest";
import { cornerPairsOf } from "../src/conformance/corners.ts";
import { availableKernelSets, checkDetector } from "../src/conformance/index.ts";
import { tablesFor } from "../src/conformance/tables.ts";
import type { Corner, SubjectOptions } from "../src/conformance/index.ts";
import type { AnyDetector } from "../src/detector/detector.ts";
import { detectors } from "../src/registry.ts";

/** The whole suite again, with tables, seeds and parameters for which the short form has no time. */
const settings: readonly { readonly what: string; readonly optionsOf: (detector: AnyDetector) => SubjectOptions }[] = [
  {
    what: "on 601 rows of 9 columns",
    optionsOf: ({ traits }) => ({ sample: tablesFor(traits).clustered(601, 9, 21), seed: 12 }),
  },
  { what: "on 97 rows of 5 columns", optionsOf: ({ traits }) => ({ sample: tablesFor(traits).clustered(97, 5, 22), seed: 13 }) },
  {
    what: "with two parameters off their defaults",
    optionsOf: (detector) => ({ corners: someOf(cornerPairsOf(detector.params)), seed: 14 }),
  },
];
const timeoutMs = 600_000;
/** Some methods have hundreds of pairs of corners. */
const cornerCountMax = 24;
const kernelSets = availableKernelSets();

/** The defaults, and corners evenly spread over the rest. */
function someOf(corners: readonly Corner[]): Corner[] {
  const step = Math.max(1, (corners.length - 1) / (cornerCountMax - 1));
  return corners.filter((_, index) => index === 0 || Math.floor(index / step) > Math.floor((index - 1) / step));
}

/** Faults that are known and right. When one no longer occurs a test fails here: then remove its line. */
const exemptions: readonly {
  readonly what: string;
  readonly detector: string;
  readonly fault: string;
  readonly reason: string;
}[] = [
  {
    what: "on 601 rows of 9 columns",
    detector: "mcd",
    fault: "scale: supportFraction=0.015625:",
    reason: "nine rows in nine columns have no covariance, so that rounding decides between starts",
  },
  {
    what: "on 97 rows of 5 columns",
    detector: "half-space-trees",
    fault: "shift:",
    reason:
      "a row that rounding puts on the other side of a cut changes the mass that all rows there share, by under 1 % of the spread",
  },
  {
    what: "on 97 rows of 5 columns",
    detector: "sampling",
    fault: "beats-chance:",
    reason: "the 20 rows that this seed draws hold an anomaly, near which others look usual",
  },
];

describe.each(settings)("the conformance suite $what", ({ what, optionsOf }) => {
  it.each(detectors.map((detector) => ({ id: detector.id, detector })))(
    "passes $id",
    async ({ detector }) => {
      const faults: string[] = [];
      const options = { kernelSets, fitTimeoutMs: 120_000, ...optionsOf(detector) };
      for await (const { check, outcome, details } of checkDetector(detector, options)) {
        if (outcome === "failed") faults.push(`${check}: ${details.join("; ")}`);
      }
      const exempt = exemptions.filter((one) => one.what === what && one.detector === detector.id).map(({ fault }) => fault);
      expect(faults.filter((fault) => !exempt.some((start) => fault.startsWith(start)))).toEqual([]);
      expect(exempt.filter((start) => !faults.some((fault) => fault.startsWith(start)))).toEqual([]);
    },
    timeoutMs,
  );
});
