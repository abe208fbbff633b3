import { createRandom } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { countJson, createJsonCounter } from "./json-count.ts";

const limits = { depthMax: 32, containerCountMax: 1000, valueCountMax: 10_000 };
const count = (text: string) => countJson(Buffer.from(text), limits);

describe("rows and cells of a body", () => {
  it.each([
    [
      "arrays under data",
      {
        data: [
          [1, 2],
          [3, "x"],
          [null, true],
        ],
        columns: ["a", "b"],
      },
      3,
      6,
    ],
    ["objects under data", { detector_id: "d", data: [{ a: 1, data: [1, 2] }, { a: "data" }] }, 2, 4],
    ["columns under data", { data: { a: [1, 2, 3], b: ["x"] } }, 3, 4],
    [
      "an array by itself",
      [
        [1, 2],
        [3, 4],
      ],
      2,
      4,
    ],
    ["an empty array", { data: [] }, 0, 0],
    ["rows of nothing", { data: [[], [], {}] }, 3, 0],
    ["data that is no table", { data: "data", other: [1, 2, 3] }, 0, 0],
    ["data further in", { options: { data: [1, 2, 3] } }, 0, 0],
    ["a text that is called data", { names: ["data", [1, 2]] }, 0, 0],
    ["no data", { dataset_id: "x" }, 0, 0],
  ])("%s", (_, body, rowCount, cellCount) => {
    expect(count(JSON.stringify(body))).toMatchObject({ rowCount, cellCount });
    expect(count(JSON.stringify(body, undefined, 3))).toMatchObject({ rowCount, cellCount });
  });

  it("a name written with escapes is the same name", () => {
    expect(count('{"d\\u0061ta":[[1],[2]]}')).toMatchObject({ rowCount: 2, cellCount: 2 });
  });

  it("of two members with the name data the larger counts, and the cells of both", () => {
    expect(count('{"data":[[1],[2],[3]],"data":[[4]]}')).toMatchObject({ rowCount: 3, cellCount: 4 });
  });

  it("levels, containers, values and the longest text", () => {
    expect(count('{"data":[{"a":"four","b":[1]}]}')).toEqual({
      rowCount: 1,
      cellCount: 2,
      depth: 4,
      containerCount: 4,
      valueCount: 6,
      longestTextBytes: 4,
    });
  });
});

/** What a parser that builds everything finds: the independent count. */
function countedByParsing(value: unknown, depth = 1): { containers: number; scalars: number; depth: number } {
  if (typeof value !== "object" || value === null) return { containers: 0, scalars: 1, depth: depth - 1 };
  const parts = Object.values(value).map((part: unknown) => countedByParsing(part, depth + 1));
  return {
    containers: parts.reduce((sum, part) => sum + part.containers, 1),
    scalars: parts.reduce((sum, part) => sum + part.scalars, 0),
    depth: Math.max(depth, ...parts.map((part) => part.depth)),
  };
}

it("counts as a parser does, wherever the bytes are cut", () => {
  const random = createRandom(7);
  const strange = ["", '"', "\\", '\\"', "[{", "data", "ä\u{1f980}", "x".repeat(40), `${"\\".repeat(30)}"`, "a\nb"];
  const made = (depth: number): unknown => {
    const kind = random.integer(depth > 5 ? 4 : 7);
    if (kind === 0) return strange[random.integer(strange.length)];
    if (kind === 1) return random.uniform() * 10 ** random.integer(9);
    if (kind < 4) return [true, false, null, -1][random.integer(4)];
    const members = Array.from({ length: random.integer(4) }, () => made(depth + 1));
    return kind === 4 ? members : Object.fromEntries(members.map((member, at) => [strange[random.integer(9)] + at, member]));
  };
  for (let round = 0; round < 300; round++) {
    const body = [made(0), made(1)];
    const bytes = Buffer.from(JSON.stringify(body, undefined, random.integer(3)));
    const { containers, scalars, depth } = countedByParsing(body);
    const counter = createJsonCounter(limits);
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random.integer(9);
      counter.feed(bytes.subarray(at, end));
      at = end;
    }
    const whole = countJson(bytes, limits);
    expect(whole).toMatchObject({ containerCount: containers, valueCount: containers + scalars, depth, rowCount: 2 });
    expect(counter.counts()).toEqual(whole);
  }
});

describe("limits", () => {
  it.each([
    ["levels", "[".repeat(33), "REQUEST", "at most 32 levels"],
    ["objects and arrays", `[${"[],".repeat(1000)}`, "TOO_LARGE", "at most 1000 objects and arrays"],
    ["values", `[[${"1,".repeat(10_000)}1]]`, "TOO_LARGE", "at most 10000 values"],
  ])("of %s", (_, text, code, expected) => {
    expect(() => count(text)).toThrow(expect.objectContaining({ code, field: "body", expected }));
  });

  it("are taken when reached", () => {
    expect(count(`${"[".repeat(32)}${"]".repeat(32)}`).depth).toBe(32);
    expect(count(`[${"[],".repeat(998)}[]]`).containerCount).toBe(1000);
    expect(count(`[[${"1,".repeat(9997)}1]]`).valueCount).toBe(10_000);
  });
});
