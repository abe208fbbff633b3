import { expect, it } from "vitest";
import { createRateLimit } from "./rate-limit.ts";

it("counts each caller by itself, and anew in each window", () => {
  let time = 0;
  const limit = createRateLimit({ limit: 2, windowMs: 1000, now: () => time });
  expect([limit.take("a"), limit.take("a"), limit.take("a")].map(({ isAllowed, remaining }) => [isAllowed, remaining])).toEqual([
    [true, 1],
    [true, 0],
    [false, 0],
  ]);
  expect(limit.take("b").isAllowed).toBe(true);
  time = 999;
  expect(limit.take("a")).toMatchObject({ isAllowed: false, resetSeconds: 1 });
  time = 1000;
  expect(limit.take("a")).toMatchObject({ isAllowed: true, remaining: 1 });
});

it("says whether the next one would be over the limit, without counting it", () => {
  let time = 0;
  const limit = createRateLimit({ limit: 2, windowMs: 1000, now: () => time });
  expect(limit.isOver("a")).toBe(false);
  limit.take("a");
  expect([limit.isOver("a"), limit.isOver("a")]).toEqual([false, false]);
  limit.take("a");
  expect([limit.isOver("a"), limit.isOver("b")]).toEqual([true, false]);
  time = 1000;
  expect(limit.isOver("a")).toBe(false);
});

it("tells no count whose window ends while it is told", () => {
  const told: number[] = [];
  const shared = {
    add: async (_key: string, count: number, { lifeMs }: { readonly lifeMs: number }) => {
      told.push(lifeMs);
      return { count, endsInMs: lifeMs };
    },
    atOnceMax: 4,
  };
  // One look to count the request, one to tell: at the end of its window, and a millisecond before.
  const times = [0, 1000, 0, 999];
  const limit = createRateLimit({ limit: 10, windowMs: 1000, now: () => times.shift() ?? 1000, shared });
  limit.take("a");
  expect(told).toEqual([]);
  limit.take("b");
  expect(told).toEqual([1]);
});
