import { describe, expect, it } from "vitest";
import { mutantsOf } from "./mutants.ts";

function applied(source: string): string[] {
  return mutantsOf("some.ts", source).map(({ start, end, text }) => source.slice(0, start) + text + source.slice(end));
}

describe("the small faults of a source", () => {
  it.each([
    ["if (a < b) throw c", ["if (a <= b) throw c"]],
    ["x = a && !b", [";", "x = a || !b", "x = a && b"]],
    ["const limit = 30", ["const limit = (31)", "const limit = (29)"]],
    [
      "function f() { return a === b }",
      ["function f() { return true; }", "function f() { return false; }", "function f() { return a !== b }"],
    ],
    ["function f() { return g }", ["function f() { return undefined; }"]],
    ["close();", [";"]],
  ])("of %s are %j", (source, expected) => {
    expect(applied(source).toSorted()).toEqual(expected.toSorted());
  });

  it.each([
    "import { a } from './a.ts';",
    "interface A { readonly kind: 1 | 2 }",
    "const text = 'a' + b;",
    "const value: 1 = read();",
  ])("leave alone what is no work: %s", (source) => {
    expect(applied(source)).toEqual([]);
  });

  it("name the line and what becomes of it", () => {
    expect(mutantsOf("some.ts", "\nif (a < b) c;")[0]).toMatchObject({
      file: "some.ts",
      line: 2,
      what: "`a < b` becomes `a <= b`",
    });
  });
});
