import { expect, it } from "vitest";
import { phasesFrom, scheduleOf } from "./phases.ts";

it("the ramp comes first, then the warm-up, then the measured time", () => {
  expect(phasesFrom(1000, { rampMs: 10, warmUpMs: 200, durationMs: 3000 })).toEqual({
    start: 1000,
    full: 1010,
    measured: 1210,
    end: 4210,
  });
});

it("without a ramp requests begin evenly from the start", () => {
  const { startOf, countBefore } = scheduleOf({ start: 500, full: 500 }, 100);
  expect([0, 1, 2, 250].map(startOf)).toEqual([500, 510, 520, 3000]);
  expect([500, 501, 510, 511, 1500].map(countBefore)).toEqual([0, 1, 1, 2, 100]);
});

it("the rate rises evenly: in the first half of a ramp a quarter of its requests begin, in all of it half of what the rate would give", () => {
  const { startOf, countBefore } = scheduleOf({ start: 0, full: 2000 }, 100);
  expect([countBefore(1000), countBefore(2000), countBefore(3000)]).toEqual([25, 100, 200]);
  for (const index of [0, 1, 24, 50, 99, 100, 101, 500]) {
    const start = startOf(index);
    expect([countBefore(start), countBefore(start + 1)]).toEqual([index, index + 1]);
  }
});
