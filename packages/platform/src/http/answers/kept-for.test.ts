import { expect, it } from "vitest";
import { keptFor } from "./kept-for.ts";

it("looks once for all who ask at the same time, and again when the answer is old", async () => {
  let time = 0;
  let lookCount = 0;
  const ask = keptFor(
    1000,
    async () => {
      await Promise.resolve();
      return ++lookCount;
    },
    () => time,
  );
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  time = 999;
  expect(await ask()).toBe(1);
  time = 1000;
  expect(await Promise.all([ask(), ask()])).toEqual([2, 2]);
});

it("looks again after a look that failed", async () => {
  let time = 0;
  let lookCount = 0;
  const ask = keptFor(
    1000,
    async () => {
      if (++lookCount === 1) throw new Error("away");
      return lookCount;
    },
    () => time,
  );
  await expect(ask()).rejects.toThrow("away");
  time = 1000;
  expect(await ask()).toBe(2);
});
