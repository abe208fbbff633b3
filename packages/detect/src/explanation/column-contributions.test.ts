import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import type { Model } from "../detector/detector.ts";
import { matrixFromRows } from "../matrix.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { columnContributions } from "./column-contributions.ts";

const pipeline: Pipeline = {
  named: false,
  sourceColumnCount: 2,
  missing: "refuse",
  scaling: "none",
  columns: ["a", "b"].map((name, position) => ({
    name,
    position,
    kind: "number",
    encoding: { kind: "number", center: 0, scale: 1, fill: null, indicator: false },
    profile: { kind: "number", min: -1, low: -1, median: 0, high: 1, max: 1, missingCount: 0 },
  })),
  skipped: [],
};
const fitted = { pipeline, trainingRowCount: 2 };
const infinite: Model = {
  columnCount: 2,
  scoreInto: (_rows, scores) => {
    scores.fill(Number.POSITIVE_INFINITY);
  },
  toState: () => ({ values: {}, arrays: {} }),
};

describe("contributions of columns, where numbers end", () => {
  it("a column whose usual value leaves the score infinite adds 0, not NaN", () => {
    const { values } = columnContributions({ ...fitted, model: infinite }, matrixFromRows([[1, 2]]), () => false);
    expect([...values]).toEqual([0, 0]);
  });

  it("contributions that are NaN are refused as NOT_FINITE with their row", () => {
    const vague: Model = { ...infinite, contributionsInto: (_rows, out) => out.set([1, 2, Number.NaN, 4]) };
    const work = () =>
      columnContributions(
        { ...fitted, model: vague },
        matrixFromRows([
          [1, 2],
          [3, 4],
        ]),
        () => false,
      );
    expect(expectCode("NOT_FINITE", work).rowIndex).toBe(1);
  });
});
