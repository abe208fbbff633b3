import { describe, expect, it } from "vitest";
import { robustZ } from "../packages/detect/src/detectors/robust-z/index.ts";
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
