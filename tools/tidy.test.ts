import { describe, expect, it } from "vitest";
import { checkRepository } from "./tidy.ts";

function problemsOf(files: Readonly<Record<string, string>>): string[] {
  return checkRepository(new Map(Object.entries(files)));
}

const lines = (count: number) => "// x\n".repeat(count);
const soundDetector = {
  "packages/detect/src/registry.ts": 'import { toy } from "./detectors/toy/index.ts";\n',
  "packages/detect/src/detectors/toy/index.ts": "export const toy = 1;\n",
  "packages/detect/src/detectors/toy/README.md": "# toy\n",
  "packages/detect/src/detectors/toy/toy.test.ts": "export {};\n",
};

function without(path: keyof typeof soundDetector): Record<string, string> {
  return Object.fromEntries(Object.entries(soundDetector).filter(([name]) => name !== path));
}

describe("tidy", () => {
  it("accepts a detector with its folder, its parts and its registry line", () => {
    expect(problemsOf(soundDetector)).toEqual([]);
  });

  it.each([
    ["a detector that the registry does not list", { ...soundDetector, "packages/detect/src/registry.ts": "export {};\n" }],
    ["a detector without README", without("packages/detect/src/detectors/toy/README.md")],
    ["a detector without test", without("packages/detect/src/detectors/toy/toy.test.ts")],
    ["a file of 401 lines", { "tools/long.ts": lines(401) }],
    ["a kernel of 601 lines", { "packages/detect/src/kernels/wasm/x.ts": lines(601) }],
    ["a function of 71 lines", { "tools/x.ts": `function f() {\n${lines(69)}}\n` }],
    ["an open note without an issue", { "tools/x.ts": `// ${["TO", "DO"].join("")}: later\n` }],
    ["a thing named data", { "tools/x.ts": "const data = 1;\n" }],
    ["a class named ...Manager", { "tools/x.ts": "class RowManager {}\n" }],
    ["a file of helpers", { "tools/test-helpers.ts": "export {};\n" }],
    ["a file name in camel case", { "tools/testThings.ts": "export {};\n" }],
    ["a path of one machine", { "README.md": `see ${["", "home", "me"].join("/")}\n` }],
    ["a link to a missing file", { "README.md": "[x](docs/none.md)\n" }],
    ["a link to a missing heading", { "README.md": "# A\n\n[x](#b)\n" }],
    ["an example that no test runs", { "examples/ten-lines/index.ts": "export {};\n" }],
  ])("refuses %s", (_, files) => {
    expect(problemsOf(files)).toHaveLength(1);
  });

  it("refuses a registry line without folder", () => {
    expect(problemsOf({ "packages/detect/src/registry.ts": soundDetector["packages/detect/src/registry.ts"] })).toHaveLength(1);
  });

  it("counts a function without the functions declared in it", () => {
    const inner = (name: string) => `function ${name}() {\n${lines(40)}}\n`;
    expect(problemsOf({ "tools/x.ts": `function f() {\n${inner("a")}${inner("b")}}\n` })).toEqual([]);
  });

  it("accepts links to files, folders, headings and the web", () => {
    const text = "# A b\n\n[x](#a-b) [y](tools/x.ts) [z](tools) [w](https://example.org/none)\n";
    expect(problemsOf({ "README.md": text, "tools/x.ts": "export {};\n" })).toEqual([]);
  });
});
