import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import { fitParetoTail } from "./extreme-value.ts";
import { fitThreshold } from "./threshold.ts";
import { parseThreshold, thresholdMethods } from "./threshold-spec.ts";

/** Uniform numbers in (0, 1) that the Python script behind the expected numbers makes too: x = (1103515245 x + 12345) mod 2^31. */
function uniforms(count: number, seed: number): Float64Array {
  let x = seed;
  return Float64Array.from({ length: count }, () => {
    x = (Math.imul(1103515245, x) + 12345) & 0x7fffffff;
    return (x + 0.5) / 2147483648;
  });
}

const u = uniforms(1000, 7);
const heavy = u.map((value) => value ** -0.3 - 1);
const exponential = u.map((value) => -Math.log(value));
const bounded = u.map((value) => (1 - value ** 0.4) / 0.4);

function fit(scores: Float64Array, given: Record<string, unknown>): number {
  return fitThreshold(scores, parseThreshold(given));
}

describe("contamination and percentile", () => {
  // numpy 1.26: numpy.percentile(scores, 90) and numpy.percentile(scores, 33.3)
  it("agree with numpy.percentile to rounding", () => {
    expect(fit(heavy, {})).toBeCloseTo(0.9713268880724962, 14);
    expect(fit(exponential, { contamination: 0.1 })).toBeCloseTo(2.2623562106442208, 14);
    expect(fit(bounded, { method: "percentile", percentile: 33.3 })).toBeCloseTo(0.39804174308716606, 14);
  });

  it("interpolate between neighbours: the median of 1, 2, 3, 10 is 2.5", () => {
    expect(fit(Float64Array.of(10, 1, 3, 2), { contamination: 0.5 })).toBe(2.5);
  });

  it("give no anomalies when all scores are equal", () => {
    expect(fit(new Float64Array(50).fill(7), { contamination: 0.1 })).toBe(7);
  });

  it("do not write the scores", () => {
    const scores = Float64Array.of(3, 1, 2);
    fit(scores, {});
    expect([...scores]).toEqual([3, 1, 2]);
  });
});

describe("iqr, mad and fixed", () => {
  // numpy: percentile(s, 75) + 1.5 (percentile(s, 75) - percentile(s, 25)); median(s) + 3.5 median(|s - median(s)|) / .6745
  it("iqr is Tukey's fence", () => {
    expect(fit(heavy, { method: "iqr" })).toBeCloseTo(1.108268783520007, 13);
  });

  it("mad is the median plus 3.5 robust standard deviations", () => {
    expect(fit(exponential, { method: "mad" })).toBeCloseTo(3.2037898947448316, 13);
  });

  it("fixed is the number given", () => {
    expect(fit(heavy, { method: "fixed", value: -2.5 })).toBe(-2.5);
  });

  it("are the one value of constant scores, so nothing is above", () => {
    const constant = new Float64Array(20).fill(-4);
    for (const method of ["iqr", "mad", "extreme-value"]) expect(fit(constant, { method }), method).toBe(-4);
  });
});

describe("extreme-value", () => {
  // scipy 1.13: minimum of -sum(scipy.stats.genpareto.logpdf(y, shape, 0, scale)) over both by Nelder-Mead to 1e-12
  it.each([
    { name: "heavy tail", scores: heavy, level: 0.9, shape: 0.15192355929787166, scale: 0.730520398886453, z: 5.84238500081355 },
    {
      name: "exponential tail",
      scores: exponential,
      level: 0.9,
      shape: -0.17249636527384068,
      scale: 1.2409794328213548,
      z: 6.205779088366899,
    },
    {
      name: "bounded tail",
      scores: bounded,
      level: 0.9,
      shape: -0.5771981304201732,
      scale: 0.4906902836526933,
      z: 2.2791335871426797,
    },
    {
      name: "20 excesses",
      scores: bounded,
      level: 0.98,
      shape: -0.8447404309837677,
      scale: 0.2721422875858436,
      z: 2.2879272108866635,
    },
  ])("fits the generalised Pareto tail that scipy fits: $name", ({ scores, level, shape, scale, z }) => {
    const start = fit(scores, { method: "percentile", percentile: 100 * level });
    const tail = fitParetoTail(scores.filter((score) => score > start).map((score) => score - start));
    expect(tail.shape).toBeCloseTo(shape, 6);
    expect(tail.scale).toBeCloseTo(scale, 6);
    expect(fit(scores, { method: "extreme-value", level })).toBeCloseTo(z, 5);
  });

  it("fits all of a heavy sample as scipy does", () => {
    const tail = fitParetoTail(heavy);
    expect(tail.shape).toBeCloseTo(0.28897065391041565, 6);
    expect(tail.scale).toBeCloseTo(0.3049462177729384, 6);
  });

  it("scales with the scores", () => {
    const small = fit(heavy, { method: "extreme-value" });
    const large = fit(
      heavy.map((score) => score * 1e200),
      { method: "extreme-value" },
    );
    expect(large / 1e200).toBeCloseTo(small, 9);
  });

  it("assumes an exponential tail where few scores exceed the level", () => {
    // 9 scores of 0 and the excesses 1, 2, 3 over the level 0 (12 scores, quantile .6): mean excess 2, risk .01.
    const scores = Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3);
    expect(fit(scores, { method: "extreme-value", level: 0.6, risk: 0.01 })).toBeCloseTo(-2 * Math.log((0.01 * 12) / 3), 12);
  });

  it("is the largest score where that is shared by more rows than the level leaves", () => {
    const scores = Float64Array.from({ length: 100 }, (_, i) => Math.min(i, 90));
    expect(fit(scores, { method: "extreme-value" })).toBe(90);
  });

  it("does not extrapolate when the risk is no rarer than the tail", () => {
    expect(fit(heavy, { method: "extreme-value", level: 0.98, risk: 0.1 })).toBeCloseTo(0.9713268880724962, 14);
  });
});

describe("every method", () => {
  it("gives a finite threshold for infinite and for huge scores", () => {
    const infinite = Float64Array.of(Number.NEGATIVE_INFINITY, 0, 1, 2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    const huge = Float64Array.from({ length: 40 }, (_, i) => (i - 20) * 8e306);
    for (const method of Object.keys(thresholdMethods)) {
      const given = method === "fixed" ? { method, value: 1 } : { method };
      expect(Number.isFinite(fit(infinite, given)), `${method} of infinite scores`).toBe(true);
      expect(Number.isFinite(fit(huge, given)), `${method} of huge scores`).toBe(true);
    }
  });

  it("accepts a single score", () => {
    for (const method of ["contamination", "percentile", "iqr", "mad", "extreme-value"]) {
      expect(fit(Float64Array.of(3), { method }), method).toBe(3);
    }
  });

  it("refuses NaN and no scores at all, with a code", () => {
    expectCode("NOT_FINITE", () => fit(Float64Array.of(1, Number.NaN, 2), {}));
    expectCode("TOO_FEW_ROWS", () => fit(new Float64Array(0), {}));
  });
});

describe("parseThreshold", () => {
  it("refuses contamination 0 and above 0.5", () => {
    for (const contamination of [0, 0.6, Number.NaN, "0.1"]) expectCode("PARAM", () => parseThreshold({ contamination }));
  });

  it("names the nearest method to a mistyped one", () => {
    expect(() => parseThreshold({ method: "contaminaton" })).toThrow('did you mean "contamination"?');
    expectCode("PARAM", () => parseThreshold({ method: "toString" }));
  });

  it("asks for the value of a fixed threshold", () => {
    expectCode("PARAM", () => parseThreshold({ method: "fixed" }));
  });

  it("refuses a parameter of another method", () => {
    expectCode("PARAM", () => parseThreshold({ method: "iqr", contamination: 0.1 }));
  });
});
