import { expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { exponentialsInto } from "./exponential.ts";

it("gives exp within 2 units in the last place", () => {
  const random = createRandom(1);
  const arguments_ = Float64Array.from({ length: 20_000 }, (_, i) => -(random.uniform() ** 2) * 10 ** (i % 4));
  const values = arguments_.filter((x) => x >= -708);
  const expected = values.map(Math.exp);
  exponentialsInto(1, values);
  for (const [i, value] of values.entries()) expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(4.5e-16 * expected[i]);
});

it("gives 1 at 0, 0 far below, and keeps NaN", () => {
  const values = Float64Array.from([0, -0, 709, Number.POSITIVE_INFINITY, Number.NaN]);
  exponentialsInto(-1, values);
  expect([...values]).toEqual([1, 1, 0, 0, Number.NaN]);
});
