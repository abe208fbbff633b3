import { createRandom } from "@nomaly/detect";
import { expect, it } from "vitest";
import { readRowTexts } from "./row-texts.ts";
import { createShuffledRows } from "./shuffled-rows.ts";
import { weightedTurns } from "./sources.ts";

it("each pass draws every row once, in another order", () => {
  const texts = Array.from({ length: 40 }, (_, row) => String(row));
  const draw = createShuffledRows(texts, createRandom(1));
  const passes = Array.from({ length: 5 }, () => Array.from({ length: 4 }, () => draw(10).split(",")).flat());
  for (const pass of passes) expect(pass.toSorted((a, b) => Number(a) - Number(b))).toEqual(texts);
  expect(new Set(passes.map(String)).size).toBe(5);
});

it("of a hundred thousand bodies of ten rows of fifty hardly two are the same", () => {
  const draw = createShuffledRows(
    Array.from({ length: 50 }, (_, row) => String(row)),
    createRandom(1),
  );
  expect(new Set(Array.from({ length: 100_000 }, () => draw(10))).size).toBeGreaterThan(99_990);
});

it("a body has no more rows than the file", () => {
  expect(createShuffledRows(["a", "b"], createRandom(1))(10).split(",").toSorted()).toEqual(["a", "b"]);
});

it("rows are objects as the service reads them, in ASCII", async () => {
  const table = {
    rowCount: 2,
    columns: [
      { kind: "number", name: "x", values: Float64Array.of(1.5, Number.NaN) },
      { kind: "boolean", name: "on", values: Float64Array.of(1, 0) },
      { kind: "date", name: "at", values: Float64Array.of(0, Number.NaN) },
      { kind: "text", name: 'naïve "ß"', values: ["é😀", null] },
    ],
  } as const;
  async function* tables() {
    await Promise.resolve();
    yield table;
  }
  const texts = await readRowTexts("rows", tables());
  expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual([
    { x: 1.5, on: true, at: "1970-01-01T00:00:00.000Z", 'naïve "ß"': "é😀" },
    { x: null, on: false, at: null, 'naïve "ß"': null },
  ]);
  expect(texts.join("")).toMatch(/^[ -~]*$/);
});

it("kinds come as often as their weights say, evenly spread", () => {
  const turn = weightedTurns([5, 1, 1]);
  const turns = Array.from({ length: 700 }, turn);
  expect([0, 1, 2].map((kind) => turns.filter((one) => one === kind).length)).toEqual([500, 100, 100]);
  // nginx gives a a b a c a a for these weights.
  expect(turns.slice(0, 7)).toEqual([0, 0, 1, 0, 2, 0, 0]);
});
