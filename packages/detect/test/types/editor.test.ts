import { afterAll, describe, expect, it } from "vitest";
import { detectors } from "@nomaly/detect";
import { loadTypescript, projectWithLibrary } from "../../test-support/compilers.ts";

const ts = loadTypescript();
const project = projectWithLibrary();
afterAll(() => project.remove());

const imports = `
import { createLibrary, detect, fit } from "@nomaly/detect";
import { knn } from "@nomaly/detect/detectors/knn";
const rows = [[1, 2]];
const one = createLibrary({ detectors: [knn] });
`;
const ids = detectors.map(({ id }) => id);
const withParams = detectors.filter(({ params }) => Object.keys(params).length > 0);
const anyParam = (id: string) => `fit(rows, { detector: "${id}", params: { | } });`;
const oneParam = (id: string, name: string) => `fit(rows, { detector: "${id}", params: { |${name}: 0 as never } });`;
/** What is typed, `|` where the editor is asked: one program, since the compiler reads a changed one anew. */
const lines = [
  `fit(rows, { detector: "|" });`,
  `detect(rows, { detector: "|", params: {} });`,
  `one.fit(rows, { detector: "|" });`,
  `detect(rows, { params: { | } });`,
  `one.detect(rows, { detector: "knn", params: { | } });`,
  `fit(rows, { detector: "knn", params: { method: "|" } });`,
  `fit(rows, { threshold: { method: "|" } });`,
  `fit(rows, { threshold: { method: "extreme-value", | } });`,
  `fit(rows, { detector: "knn", params: { nNei|ghbors: 5 } });`,
  `one.fit(rows, { detector: "knn", params: { met|hod: "mean" } });`,
  `fit(rows, { threshold: { method: "iqr", fac|tor: 3 } });`,
  `de|tect(rows);`,
  ...withParams.map(({ id }) => anyParam(id)),
  ...withParams.flatMap(({ id, params }) => Object.keys(params).map((name) => oneParam(id, name))),
];
const text = imports + lines.map((line) => line.replace("|", "")).join("\n");
const file = project.write("use.ts", text);
const service = ts.createLanguageService({
  getCompilationSettings: () => ({
    strict: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  }),
  getScriptFileNames: () => [file],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) => {
    const content = ts.sys.readFile(name);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => project.folder,
  getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
  fileExists: (name) => ts.sys.fileExists(name),
  readFile: (name) => ts.sys.readFile(name),
});

function placeOf(line: string): number {
  const index = lines.indexOf(line);
  if (index === -1) throw new Error(`the program has no line ${line}`);
  const before = lines.slice(0, index).reduce((sum, one) => sum + one.length, 0);
  return imports.length + before + line.indexOf("|");
}

function completed(line: string): string[] {
  return (service.getCompletionsAtPosition(file, placeOf(line), {})?.entries ?? []).map(({ name }) => name);
}

/** What the editor shows at the place. */
function hover(line: string): string {
  const shown = service.getQuickInfoAtPosition(file, placeOf(line));
  return `${ts.displayPartsToString(shown?.displayParts)}\n${ts.displayPartsToString(shown?.documentation)}`;
}

const paramsOf = (id: string) => Object.keys(detectors.find((one) => one.id === id)?.params ?? {}).toSorted();

describe("an editor", () => {
  it("completes the ids of all detectors", () => {
    expect(completed(`fit(rows, { detector: "|" });`)).toEqual(ids);
    expect(completed(`detect(rows, { detector: "|", params: {} });`)).toEqual(ids);
    expect(completed(`one.fit(rows, { detector: "|" });`)).toEqual(["knn"]);
  });

  it.each(withParams.map(({ id }) => id))("completes the parameters of %s, and no others", (id) => {
    expect(completed(anyParam(id)).toSorted()).toEqual(paramsOf(id));
  });

  it("completes those of isolation-forest where no detector is named, and those of a library's one detector", () => {
    expect(completed(`detect(rows, { params: { | } });`).toSorted()).toEqual(paramsOf("isolation-forest"));
    expect(completed(`one.detect(rows, { detector: "knn", params: { | } });`).toSorted()).toEqual(paramsOf("knn"));
  });

  it("completes choices, threshold methods and their parameters", () => {
    expect(completed(`fit(rows, { detector: "knn", params: { method: "|" } });`)).toEqual(["largest", "mean", "median"]);
    const methods = ["contamination", "percentile", "fixed", "iqr", "mad", "extreme-value"];
    expect(completed(`fit(rows, { threshold: { method: "|" } });`).toSorted()).toEqual(methods.toSorted());
    expect(completed(`fit(rows, { threshold: { method: "extreme-value", | } });`)).toEqual(["level", "risk"]);
  });

  it("shows what a parameter is, its range and its default", () => {
    const shown = hover(`fit(rows, { detector: "knn", params: { nNei|ghbors: 5 } });`);
    expect(shown).toContain("nNeighbors?: number");
    expect(shown).toContain("Nearest rows looked at; cut to the number of other distinct training rows.");
    expect(shown).toContain("A whole number from 1 to 10000; default 5.");
    expect(hover(`one.fit(rows, { detector: "knn", params: { met|hod: "mean" } });`)).toContain(
      'One of largest, mean, median; default "largest".',
    );
    expect(hover(`fit(rows, { threshold: { method: "iqr", fac|tor: 3 } });`)).toContain(
      "A number from 0 to 1000000; default 1.5.",
    );
    expect(hover(`de|tect(rows);`)).toContain("judges the same rows by their training scores");
  });

  it("shows them for every parameter of every detector", () => {
    for (const { id, params } of detectors) {
      for (const [name, { summary }] of Object.entries(params)) {
        const shown = hover(oneParam(id, name));
        expect(shown, `${id} ${name}`).toContain(summary);
        expect(shown, `${id} ${name}`).toContain("; default ");
      }
    }
  });
});
