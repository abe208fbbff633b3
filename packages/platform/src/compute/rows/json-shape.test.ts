import { createRandom } from "@nomaly/detect";
import { expect, it } from "vitest";
import { countJson } from "../../files/json/json-count.ts";
import { isSurelyWithin } from "./json-shape.ts";

const limits = { depthMax: 8, containerCountMax: 50, valueCountMax: 200 };

it.each([
  ["rows as arrays", `{"data":[${Array.from({ length: 48 }, () => "[1]").join()}]}`, true],
  ["a row more than may be", `{"data":[${Array.from({ length: 49 }, () => "[1]").join()}]}`, false],
  ["rows as objects", `{"data":[${Array.from({ length: 40 }, () => '{"a":1}').join()}]}`, true],
  ["all levels that may be", "[".repeat(8), true],
  ["one more level", "[".repeat(9), false],
  ["levels of both kinds", '[{"a":'.repeat(5), false],
  ["a body with room for more values than may be", "1,".repeat(200), false],
])("knows %s", (_, text, expected) => {
  expect(isSurelyWithin(Buffer.from(text), limits)).toBe(expected);
});

it("is never sure of what the count by each byte refuses", () => {
  const random = createRandom(12);
  const pieces = ["[", "]", "{", "}", ",", '"', "\\", "1", " ", '"a":', "[1,2],", '{"a":1},', "],[", "},{"];
  let sureCount = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random.integer(60) }, () => pieces[random.integer(pieces.length)]).join("");
    const body = Buffer.from(text);
    if (!isSurelyWithin(body, limits)) continue;
    sureCount++;
    expect(() => countJson(body, limits), text).not.toThrow();
  }
  expect(sureCount).toBeGreaterThan(1000);
});
