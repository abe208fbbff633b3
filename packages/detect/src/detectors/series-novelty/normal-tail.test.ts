import { expect, it } from "vitest";
import { normalTail } from "./normal-tail.ts";

/** Upper tails of the standard normal distribution, from tables (Abramowitz and Stegun 26.1, 26.2; -log10 Q). */
it.each([
  [0, Math.log10(2)],
  [1, -Math.log10(0.15865525393145705)],
  [-1, -Math.log10(0.8413447460685429)],
  [2, -Math.log10(0.02275013194817921)],
  [3, -Math.log10(1.349898031630095e-3)],
  [4, -Math.log10(3.167124183311992e-5)],
  [-9, 0],
  [-1e300, 0],
])("a standard normal value exceeds %d with the probability of the tables", (deviation, expected) => {
  expect(Math.abs(normalTail(deviation) - expected)).toBeLessThan(1e-12);
});

it("from five on the leading term stands for the tail, within a sixtieth of a power of ten", () => {
  // -log10 Q(z): 6.54265... at 5 and 23.11805... at 10.
  expect(normalTail(5) - 6.54265).toBeGreaterThan(-0.017);
  expect(normalTail(5) - 6.54265).toBeLessThan(0);
  expect(Math.abs(normalTail(10) - 23.11805)).toBeLessThan(0.005);
});

it("rises with the deviation", () => {
  const tails = Array.from({ length: 4001 }, (_, step) => normalTail(-10 + step / 200)).slice(0, 2999);
  expect(tails.every((tail, at) => at === 0 || tail >= tails[at - 1])).toBe(true);
});
