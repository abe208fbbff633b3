import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import { averagePrecision, confusion, f1, precision, precisionAtN, recall, rocAuc, rocCurve } from "./index.ts";

/** Uniform numbers in (0, 1) that the Python script behind the expected numbers makes too: x = (1103515245 x + 12345) mod 2^31. */
function uniforms(count: number, seed: number): Float64Array {
  let x = seed;
  return Float64Array.from({ length: count }, () => {
    x = (Math.imul(1103515245, x) + 12345) & 0x7fffffff;
    return (x + 0.5) / 2147483648;
  });
}

const labels = Uint8Array.from(uniforms(200, 29), (value) => (value < 0.2 ? 1 : 0));
const scores = uniforms(200, 11).map((value, row) => value + 0.5 * labels[row]);
/** Rounded down to eighths: many ties. */
const tied = scores.map((score) => Math.floor(score * 8) / 8);

// Expected: scikit-learn 1.2.1, sklearn.metrics.roc_auc_score, average_precision_score, f1_score(labels, scores > 0.9),
// roc_curve(..., drop_intermediate=False) on the same numbers.
describe("against scikit-learn", () => {
  it("rocAuc agrees, with ties and without", () => {
    expect(rocAuc(labels, scores)).toBeCloseTo(0.86890625, 15);
    expect(rocAuc(labels, tied)).toBeCloseTo(0.8696875, 15);
  });

  it("averagePrecision agrees, with ties and without", () => {
    expect(averagePrecision(labels, scores)).toBeCloseTo(0.7302558961030285, 14);
    expect(averagePrecision(labels, tied)).toBeCloseTo(0.7064484126984127, 14);
  });

  it("f1 agrees", () => {
    const flags = (values: Float64Array) => Uint8Array.from(values, (score) => (score > 0.9 ? 1 : 0));
    expect(f1(confusion(labels, flags(scores)))).toBeCloseTo(0.5822784810126582, 15);
    expect(f1(confusion(labels, flags(tied)))).toBeCloseTo(0.6440677966101694, 15);
  });

  it("rocCurve agrees", () => {
    const curve = rocCurve(labels, tied);
    expect(curve.map((point) => point.falsePositiveRate)).toEqual([
      0, 0, 0, 0, 0, 0.10625, 0.23125, 0.33125, 0.40625, 0.575, 0.75, 0.8625, 1,
    ]);
    expect(curve.map((point) => point.truePositiveRate)).toEqual([0, 0.175, 0.3, 0.4, 0.475, 0.625, 0.65, 0.775, 1, 1, 1, 1, 1]);
    expect(curve.map((point) => point.threshold)).toEqual([
      Number.POSITIVE_INFINITY,
      1.375,
      1.25,
      1.125,
      1,
      0.875,
      0.75,
      0.625,
      0.5,
      0.375,
      0.25,
      0.125,
      0,
    ]);
  });
});

describe("precisionAtN", () => {
  it("takes as many rows as there are anomalies", () => {
    expect(precisionAtN([1, 0, 1, 0, 0], Float64Array.of(9, 8, 7, 6, 5))).toBe(0.5);
    expect(precisionAtN([1, 0, 1, 0, 0], Float64Array.of(9, 8, 7, 6, 5), 3)).toBeCloseTo(2 / 3, 15);
  });

  it("shares ties at the end by class: one of two places is left for one anomaly among three equal rows", () => {
    expect(precisionAtN([1, 1, 0, 0], Float64Array.of(2, 1, 1, 1))).toBeCloseTo((1 + 1 / 3) / 2, 15);
  });

  it("is the share of anomalies when all scores are equal", () => {
    expect(precisionAtN([1, 0, 0, 0], new Float64Array(4))).toBe(0.25);
  });

  it("refuses an n that is no count of rows", () => {
    for (const n of [0, 5, 1.5]) expectCode("PARAM", () => precisionAtN([1, 0, 0, 0], new Float64Array(4), n));
  });
});

describe("by hand", () => {
  it("rocAuc is 1 for a perfect ranking, 0 for the reverse, 1/2 for equal scores", () => {
    expect(rocAuc([0, 0, 1], Float64Array.of(1, 2, Number.POSITIVE_INFINITY))).toBe(1);
    expect(rocAuc([1, 0, 0], Float64Array.of(1, 2, 3))).toBe(0);
    expect(rocAuc([1, 0, 0], new Float64Array(3))).toBe(0.5);
  });

  it("confusion counts the four cases", () => {
    const counts = confusion([1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0]);
    expect(counts).toEqual({ truePositives: 2, falseNegatives: 1, falsePositives: 1, trueNegatives: 2 });
    expect(precision(counts)).toBeCloseTo(2 / 3, 15);
    expect(recall(counts)).toBeCloseTo(2 / 3, 15);
  });

  it("precision, recall and f1 are 0 when nothing is flagged", () => {
    const counts = confusion([1, 0], [0, 0]);
    expect([precision(counts), recall(counts), f1(counts)]).toEqual([0, 0, 0]);
  });
});

describe("refusals", () => {
  it("needs labels of 0 and 1, both of them", () => {
    for (const wrong of [
      [0, 0],
      [1, 1],
      [0, 2],
      [Number.NaN, 1],
      [-1, 1],
    ]) {
      expectCode("LABEL", () => rocAuc(wrong, Float64Array.of(1, 2)));
    }
    expectCode("LABEL", () => confusion([0, 1], [0, 2]));
  });

  it("needs one label for each score", () => {
    expectCode("SHAPE", () => averagePrecision([0, 1], Float64Array.of(1, 2, 3)));
  });

  it("refuses NaN scores", () => {
    expectCode("NOT_FINITE", () => rocAuc([0, 1], Float64Array.of(1, Number.NaN)));
  });
});
