import { describe, expect, it } from "vitest";
import { robustZ } from "../packages/detect/src/detectors/robust-z/index.ts";
import { declarationOf } from "./pages/client-types.ts";
import { detectorsPage } from "./pages/docs-pages.ts";
import { outOfDate, replaceSection } from "./docs.ts";

describe("docs", () => {
  it("names a document whose text is not what the code says", () => {
    const expected = new Map([
      ["docs/a.md", "new"],
      ["docs/b.md", "same"],
    ]);
    const stored: Record<string, string> = { "docs/a.md": "old", "docs/b.md": "same" };
    expect(outOfDate(expected, (path) => stored[path])).toEqual(["docs/a.md"]);
  });

  it("replaces what stands between the markers and nothing else", () => {
    const text = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb\n";
    expect(replaceSection(text, "x", "new")).toBe("a\n<!-- generated: x -->\n\nnew\n\n<!-- end: x -->\nb\n");
  });

  it.each(["no markers", "<!-- generated: x -->", "<!-- end: x --> <!-- generated: x -->"])("refuses %j", (text) => {
    expect(() => replaceSection(text, "x", "new")).toThrow(/expected/);
  });

  it("shows a new detector's parameters by the names of the command line", () => {
    const toy = {
      ...robustZ,
      id: "toy",
      params: { binCount: { kind: "integer", default: 3, min: 1, max: 9, summary: "Bins." } },
    } as const;
    expect(detectorsPage([toy])).toContain("| `bin_count` | 3 | a whole number from 1 to 9 | Bins. |");
  });
});

describe("the types of the client", () => {
  const pumpWith = (speed: object) => declarationOf("Pump", { type: "object", description: "a pump", properties: { speed } });

  it.each([
    [{ type: "integer", minimum: 1, maximum: 9, default: 3 }, "Turns a second; 1 to 9; 3 by default."],
    [{ type: "number", exclusiveMinimum: 0, maximum: 0.5 }, "Turns a second; above 0, at most 0.5."],
    [{ type: "string", minLength: 1, maxLength: 200 }, "Turns a second; 1 to 200 characters."],
    [{ type: "string", maxLength: 100 }, "Turns a second; at most 100 characters."],
    [{ type: "array", items: {}, minItems: 1 }, "Turns a second; at least 1 item."],
    [{ anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] }, "Turns a second; as in 2026-11-25T08:30:00.000Z."],
    [{ type: "string", format: "uuid" }, "Turns a second."],
  ])("say of %j what it means, its limits and its default", (schema, text) => {
    const declaration = pumpWith({ ...schema, description: "turns a second" });
    expect(declaration).toContain("/** A pump. */\nexport interface Pump {");
    expect(declaration).toContain(`/** ${text} */\nreadonly speed?: `);
  });

  it("are not written for a type or a field without a description", () => {
    expect(() => pumpWith({ type: "integer" })).toThrow('"speed" has no description');
    expect(() => declarationOf("Pump", { type: "object", properties: {} })).toThrow('"Pump" has no description');
  });
});
