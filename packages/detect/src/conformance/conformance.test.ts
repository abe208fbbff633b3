import { describe, expect, it } from "vitest";
import { brokenDetectors, soundDetectors } from "./broken/index.ts";
import { soundDistance } from "./broken/sound-distance.ts";
import { availableKernelSets, checkDetector, checks, cornersOf, createSubject, goldenScoresOf, runCheck } from "./index.ts";

const kernelSets = availableKernelSets().slice(0, 2);

describe("the conformance suite", () => {
  it.each(soundDetectors.map((detector) => ({ id: detector.id, detector })))("passes the sound $id", async ({ detector }) => {
    const golden = await goldenScoresOf(await createSubject(detector, { kernelSets }));
    const faults: string[] = [];
    for await (const { check, outcome, details } of checkDetector(detector, { kernelSets, golden })) {
      if (outcome === "failed") faults.push(`${check}: ${details.join("; ")}`);
    }
    expect(faults).toEqual([]);
  });

  it.each([...brokenDetectors])("refuses by $check a detector that $fault", async ({ check: name, detector }) => {
    const golden = await goldenScoresOf(await createSubject(soundDistance, { kernelSets }));
    const check = checks.find((candidate) => candidate.name === name);
    if (check === undefined) return expect.fail(`there is no check "${name}"`);
    const result = await runCheck(check, await createSubject(detector, { kernelSets, golden, fitTimeoutMs: 1000 }));
    expect(result.outcome).toBe("failed");
    expect(result.details.length).toBeGreaterThan(0);
  });

  it("has a broken detector for every check, and every check applies to a sound one", async () => {
    const refusing = new Set(brokenDetectors.map(({ check }) => check));
    expect(checks.map(({ name }) => name).filter((name) => !refusing.has(name))).toEqual([]);
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
    const applied = new Set<string>(["golden-scores"]);
    for (const detector of soundDetectors) {
      for await (const { check, outcome } of checkDetector(detector, { kernelSets }))
        if (outcome === "passed") applied.add(check);
    }
    expect(checks.map(({ name }) => name).filter((name) => !applied.has(name))).toEqual([]);
  });
});

describe("corners of parameters", () => {
  it("are the defaults, each end within reach, each choice and each word", () => {
    const summary = "Words enough.";
    const corners = cornersOf({
      nTrees: { kind: "integer", default: 100, min: 1, max: 10_000, summary },
      share: { kind: "number", default: 0.5, min: 0, max: 1, minExclusive: true, maxExclusive: true, summary },
      shift: { kind: "number", default: 0, min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, summary },
      deep: { kind: "boolean", default: false, summary },
      method: { kind: "choice", default: "mean", choices: ["mean", "max"], summary },
      bins: { kind: "number-or-word", default: "auto", words: ["auto", "sqrt"], min: 2, max: 1000, integer: true, summary },
    });
    expect(corners.map(({ label }) => label)).toEqual([
      "default",
      "nTrees=1",
      "nTrees=200",
      "share=0.015625",
      "share=0.984375",
      "shift=-4",
      "shift=1",
      "deep=true",
      "method=max",
      "bins=sqrt",
      "bins=2",
      "bins=9",
      "bins=18",
    ]);
  });
});
