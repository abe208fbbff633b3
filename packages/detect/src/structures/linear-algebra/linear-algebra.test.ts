import { describe, expect, test } from "vitest";
import { chooseKernels, kernelsByName } from "../../kernels/choose.ts";
import type { Matrix } from "../../matrix.ts";
import { createRandom } from "../../random.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { atOnce } from "../../threads/pieces.ts";
import { singleThread } from "../../threads/single-thread.ts";
import { cholesky, lowerInverse } from "./cholesky.ts";
import { fitMoments, momentsOf } from "./moments.ts";
import type { SymmetricEigen } from "./symmetric-eigen.ts";
import { eigenPieces } from "./symmetric-eigen.ts";
import { whiten } from "./whitening.ts";

const reference = kernelsByName("reference");

function eigenOf(matrix: Float64Array, size: number, kernels = reference): SymmetricEigen {
  return atOnce(eigenPieces(matrix, size, kernels));
}

function randomRows(rowCount: number, columnCount: number, seed: number, offset = 0): Matrix {
  const random = createRandom(seed);
  const values = Float64Array.from({ length: rowCount * columnCount }, () => random.normal() + offset);
  return { rowCount, columnCount, values };
}

/** X^T X, symmetric and positive definite when there are more rows than columns. */
function gram(rows: Matrix): Float64Array {
  const { rowCount, columnCount: size, values } = rows;
  const result = new Float64Array(size * size);
  for (let row = 0; row < rowCount; row++) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) result[i * size + j] += values[row * size + i] * values[row * size + j];
    }
  }
  return result;
}

function product(left: Float64Array, right: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      for (let k = 0; k < size; k++) result[i * size + j] += left[i * size + k] * right[k * size + j];
    }
  }
  return result;
}

function transposed(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((_, at) => matrix[(at % size) * size + Math.floor(at / size)]);
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0));
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
}

describe("eigenvalues", () => {
  test("of a 2 x 2 matrix are those of the quadratic formula", () => {
    const { values, vectors } = eigenOf(Float64Array.of(2, 1, 1, 2), 2);
    expect(values[0]).toBeCloseTo(3, 14);
    expect(values[1]).toBeCloseTo(1, 14);
    expect(Math.abs(vectors[0])).toBeCloseTo(Math.SQRT1_2, 14);
  });

  test("of the second difference matrix are 2 - 2 cos(pi k / (n + 1))", () => {
    const size = 30;
    const matrix = Float64Array.from({ length: size * size }, (_, at) => {
      const distance = Math.abs(Math.floor(at / size) - (at % size));
      return distance === 0 ? 2 : distance === 1 ? -1 : 0;
    });
    const { values } = eigenOf(matrix, size);
    const expected = Float64Array.from({ length: size }, (_, k) => 2 - 2 * Math.cos((Math.PI * (size - k)) / (size + 1)));
    expect(largestDifference(values, expected)).toBeLessThan(1e-13);
  });

  test.each([1, 2, 3, 10, 40])("and their vectors rebuild a random matrix of size %i", (size) => {
    const matrix = gram(randomRows(size + 5, size, size));
    const { values, vectors } = eigenOf(matrix, size);
    const scaled = vectors.map((value, at) => value * values[Math.floor(at / size)]);
    expect(largestDifference(product(transposed(vectors, size), scaled, size), matrix)).toBeLessThan(1e-11);
    expect(largestDifference(product(vectors, transposed(vectors, size), size), identity(size))).toBeLessThan(1e-13);
    expect([...values]).toEqual([...values].toSorted((a, b) => b - a));
  });

  test.each([
    ["zero", new Float64Array(9)],
    ["the identity", identity(3)],
    ["of rank one", Float64Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1)],
    ["diagonal, with a wide spread", Float64Array.of(1e-150, 0, 0, 0, 1e150, 0, 0, 0, 1)],
  ])("come out finite for a matrix that is %s", (_name, matrix) => {
    const { values, vectors } = eigenOf(matrix, 3);
    expect([...values, ...vectors].every(Number.isFinite)).toBe(true);
    expect(largestDifference(product(vectors, transposed(vectors, 3), 3), identity(3))).toBeLessThan(1e-14);
  });
});

describe("eigenvalues of awkward matrices", () => {
  /** Largest entry of V V^T - I, relative to 1, and of V^T D V - matrix, relative to the largest value. */
  function errorsOf(matrix: Float64Array, size: number): { angles: number; rebuilt: number } {
    const { values, vectors } = eigenOf(matrix, size);
    const largest = Math.max(Math.abs(values[0]), Math.abs(values[size - 1]));
    const scaled = vectors.map((value, at) => value * (values[Math.floor(at / size)] / largest));
    const relative = matrix.map((value) => value / largest);
    return {
      angles: largestDifference(product(vectors, transposed(vectors, size), size), identity(size)),
      rebuilt: largestDifference(product(transposed(vectors, size), scaled, size), relative),
    };
  }

  // Equal columns: what rounding leaves of them is made of equal columns too, and so on, down to 1e-300.
  test.each([2, 3, 5, 8])("are found where 196 columns are copies of %i binary ones, or constant", (distinctCount) => {
    const random = createRandom(distinctCount);
    const source = Array.from({ length: 196 }, () => random.integer(distinctCount + 1));
    const rows = randomRows(400, 196, 1);
    for (let row = 0; row < 400; row++) {
      const bits = Array.from({ length: distinctCount }, () => (random.uniform() < 0.1 ? 1 : 0));
      for (const [column, from] of source.entries()) rows.values[row * 196 + column] = from === distinctCount ? 0 : bits[from];
    }
    const { covariance } = atOnce(momentsOf(rows, undefined, reference));
    const { angles, rebuilt } = errorsOf(covariance, 196);
    expect(angles).toBeLessThan(1e-12);
    expect(rebuilt).toBeLessThan(1e-12);
  });

  test("are found where every entry is near the least number there is", () => {
    const { angles, rebuilt } = errorsOf(Float64Array.of(4e-320, 1e-320, 0, 1e-320, 4e-320, 1e-320, 0, 1e-320, 0), 3);
    expect(angles).toBeLessThan(1e-14);
    expect(rebuilt).toBeLessThan(1e-3);
  });

  test.each([65, 130, 200])("of size %i have the same bits on every kernel set, and rebuild the matrix", (size) => {
    const matrix = gram(randomRows(size + 5, size, size));
    const plain = eigenOf(matrix, size);
    for (const name of ["wasm-simd", "wasm-relaxed-simd"] as const) {
      const fast = eigenOf(matrix, size, kernelsByName(name));
      expect(fast.values).toEqual(plain.values);
      expect(fast.vectors).toEqual(plain.vectors);
    }
    const { angles, rebuilt } = errorsOf(matrix, size);
    expect(angles).toBeLessThan(1e-12);
    expect(rebuilt).toBeLessThan(1e-12);
  });
});

describe("pieces of long work", () => {
  const kernels = chooseKernels();
  const matrix = (size: number) => gram(randomRows(30, size, 1)).map((value, at) => value + (at % (size + 1) === 0 ? size : 0));

  /** The longest piece in milliseconds of this thread's own time. */
  function longestPieceMs(pieces: Pieces<unknown>): number {
    let longest = 0;
    for (let last = threadMs(); ; last = threadMs()) {
      if (pieces.next().done === true) return longest;
      longest = Math.max(longest, threadMs() - last);
    }
  }

  function threadMs(): number {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  }

  const size = 1200;
  const cases: Readonly<Record<string, () => Pieces<unknown>>> = {
    "of an eigenvalue problem": () => eigenPieces(matrix(size), size, kernels),
    "of a Cholesky factor": () => cholesky(matrix(size), size),
    "of the inverse of a triangle": () => lowerInverse(matrix(size), size),
    "of a covariance": () => momentsOf(randomRows(2000, size, 2), undefined, kernels),
  };

  // Some tens of milliseconds each; the whole of each takes one to ten times as long as the bound.
  test.each(Object.entries(cases))("%s of 1200 columns are short", (_name, pieces) => {
    expect(longestPieceMs(pieces())).toBeLessThan(300);
  });
});

describe("the Cholesky factor", () => {
  test("multiplies back, and its inverse inverts it", () => {
    const matrix = gram(randomRows(20, 6, 9));
    const lower = atOnce(cholesky(matrix, 6)) as Float64Array;
    expect(largestDifference(product(lower, transposed(lower, 6), 6), matrix)).toBeLessThan(1e-13);
    expect(largestDifference(product(atOnce(lowerInverse(lower, 6)), lower, 6), identity(6))).toBeLessThan(1e-14);
  });

  test("does not exist where the matrix is not positive definite", () => {
    expect(atOnce(cholesky(Float64Array.of(1, 2, 2, 1), 2))).toBeUndefined();
    expect(atOnce(cholesky(Float64Array.of(1, 1, 1, 1), 2))).toBeUndefined();
  });
});

describe("whitening", () => {
  test("gives the inverse and the determinant of a regular covariance", () => {
    const { factor: factorOf, logDeterminant } = atOnce(whiten(Float64Array.of(4, 2, 2, 3), 2, reference));
    const factor = atOnce(factorOf());
    expect(logDeterminant).toBeCloseTo(Math.log(8), 14);
    const inverse = product(transposed(factor, 2), factor, 2);
    expect(largestDifference(inverse, Float64Array.of(3 / 8, -2 / 8, -2 / 8, 4 / 8))).toBeLessThan(1e-15);
  });

  test("gives the pseudo-inverse of a singular covariance", () => {
    // Pinv of [[1, 1], [1, 1]] is a quarter of it.
    const { factor: factorOf, logDeterminant } = atOnce(whiten(Float64Array.of(1, 1, 1, 1), 2, reference));
    const factor = atOnce(factorOf());
    expect(logDeterminant).toBe(Number.NEGATIVE_INFINITY);
    expect(factor.length).toBe(2);
    expect(factor[0] * factor[0]).toBeCloseTo(0.25, 14);
    expect(factor[0] * factor[1]).toBeCloseTo(0.25, 14);
  });
});

describe("moments", () => {
  const context = (name: "reference" | "wasm-simd") => ({
    kernels: kernelsByName(name),
    threads: singleThread(new Map()),
  });

  test("are the textbook mean and covariance", () => {
    const rows: Matrix = { rowCount: 3, columnCount: 2, values: Float64Array.of(1, 2, 3, 2, 5, 8) };
    const { mean, covariance, weight } = atOnce(momentsOf(rows, undefined, reference));
    expect([...mean]).toEqual([3, 4]);
    expect(largestDifference(covariance, Float64Array.of(8 / 3, 4, 4, 8))).toBeLessThan(1e-14);
    expect(weight).toBe(3);
  });

  test("keep their digits far from zero", () => {
    const near = atOnce(momentsOf(randomRows(5000, 3, 4), undefined, reference));
    const far = atOnce(momentsOf(randomRows(5000, 3, 4, 1e6), undefined, reference));
    expect(largestDifference(near.covariance, far.covariance)).toBeLessThan(1e-9);
  });

  test("of a weighted table are those of the table with its rows repeated", () => {
    const rows = randomRows(50, 3, 6);
    const weights = Float64Array.from({ length: 50 }, (_, i) => i % 3);
    const order = [...weights].flatMap((weight, i) => Array.from({ length: weight }, () => i));
    const repeated = {
      rowCount: order.length,
      columnCount: 3,
      values: Float64Array.from(order.flatMap((i) => [...rows.values.subarray(i * 3, i * 3 + 3)])),
    };
    const actual = atOnce(momentsOf(rows, weights, reference));
    const expected = atOnce(momentsOf(repeated, undefined, reference));
    expect(largestDifference(actual.mean, expected.mean)).toBeLessThan(1e-14);
    expect(largestDifference(actual.covariance, expected.covariance)).toBeLessThan(1e-14);
  });

  test("in blocks have the same bits on every kernel set", async () => {
    const rows = randomRows(40_000, 5, 8);
    const plain = await fitMoments(rows, undefined, context("reference"));
    const fast = await fitMoments(rows, undefined, context("wasm-simd"));
    expect(fast.mean).toEqual(plain.mean);
    expect(fast.covariance).toEqual(plain.covariance);
    const whole = atOnce(momentsOf(rows, undefined, reference));
    expect(largestDifference(whole.covariance, plain.covariance)).toBeLessThan(1e-13);
  });

  test("that overflow are refused with the column's number", () => {
    const rows: Matrix = { rowCount: 2, columnCount: 2, values: Float64Array.of(1, 1e300, 2, -1e300) };
    expect(() => atOnce(momentsOf(rows, undefined, reference))).toThrow(/column 1/);
  });
});
