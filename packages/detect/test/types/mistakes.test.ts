import { afterAll, describe, expect, it } from "vitest";
import { compile, projectWithLibrary } from "../../test-support/compilers.ts";

const project = projectWithLibrary();
afterAll(() => project.remove());

const head = `
import { createLibrary, fit, detect, detectorById, type DetectorParams, type FitOptions, isDetectorId, parseThreshold } from "@nomaly/detect";
import { knn } from "@nomaly/detect/detectors/knn";
import { lof } from "@nomaly/detect/detectors/lof";
const rows = [[1, 2]];
declare const text: string;
declare const json: Record<string, unknown>;
const one = createLibrary({ detectors: [knn] });
const two = createLibrary({ detectors: [knn, lof] });
`;

/** Each mistake, and the words that the compiler's message has to have. */
const mistakes: readonly (readonly [line: string, words: readonly string[]])[] = [
  [`fit(rows, { detector: "isolation-forrest" });`, ['"isolation-forrest"', `Did you mean '"isolation-forest"'?`]],
  [`detect(rows, { detector: text });`, ["'string' is not assignable", '"abod" | "auto" | "cblof"']],
  [`fit(rows, { detector: "knn", params: { nNeighbours: 5 } });`, ["'nNeighbours' does not exist", "write 'nNeighbors'?"]],
  [`fit(rows, { detector: "knn", params: { n_neighbors: 5 } });`, ["write 'nNeighbors'?"]],
  [`fit(rows, { params: { nNeighbors: 5 } });`, ["'nNeighbors' does not exist", "{ nEstimators?: number"]],
  [`fit(rows, { detector: "knn", params: { nNeighbors: "5" } });`, ["'string' is not assignable to type 'number'"]],
  [`fit(rows, { detector: "knn", params: { method: "larges" } });`, [`Did you mean '"largest"'?`]],
  [`fit(rows, { detector: "cblof", params: { useWeights: 1 } });`, ["'number' is not assignable to type 'boolean"]],
  [`fit(rows, { detector: "ocsvm", params: { gamma: "sale" } });`, ['"auto"', '"scale"']],
  [`detect(rows, { threshold: { method: "percentil" } });`, [`Did you mean '"percentile"'?`]],
  [`detect(rows, { threshold: { method: "iqr", facto: 3 } });`, ["write 'factor'?"]],
  [`detect(rows, { threshold: { method: "mad", factor: "3" } });`, ["'string' is not assignable to type 'number'"]],
  [`detect(rows, { threshold: { method: "fixed" } });`, ["'value' is missing"]],
  [`detect(rows, { threshold: { contamination: true } });`, ["'boolean' is not assignable to type 'number'"]],
  [`detect(rows, { contaminaton: 0.1 });`, ["write 'contamination'?"]],
  [`one.fit(rows, { detector: "lof" });`, [`'"lof"' is not assignable to type '"knn"'`]],
  [`two.fit(rows, { detector: "lof", params: { method: "mean" } });`, ["'method' does not exist"]],
  [`export const options: FitOptions = { detector: "knn", params: { nEstimators: 5 } };`, ["'nEstimators' does not exist"]],
];

const right = `
fit(rows);
fit(rows, { params: { nEstimators: 5 } });
fit(rows, { detector: "knn", params: { nNeighbors: 5, metric: "manhattan", compat: undefined } });
fit(rows, { detector: "ocsvm", params: { gamma: "auto" } });
fit(rows, { detector: "ocsvm", params: { gamma: 3, shrinking: false } });
fit(rows, { threshold: { contamination: 0.1 } });
fit(rows, { threshold: { method: "extreme-value", level: 0.9 } });
one.fit(rows, { detector: "knn", params: { nNeighbors: 5 } });
two.fit(rows, { detector: "lof", params: { nNeighbors: 5 } });
export const any: FitOptions = { detector: "knn", params: { nNeighbors: 5 } };
fit(rows, any);
export const known: FitOptions<"knn"> = { detector: "knn", params: { nNeighbors: 5 } };
fit(rows, known);
export const params: DetectorParams["knn"] = { nNeighbors: 5 };
fit(rows, { detector: "knn", params });
for (const detector of ["knn", "lof"] as const) fit(rows, { detector, params: { nNeighbors: 5 } });
if (isDetectorId(text)) fit(rows, { detector: text, params: json });
fit(rows, { detector: detectorById(text).id, params: json, threshold: parseThreshold(json) });
fit(rows).then((model) => fit(rows, { threshold: model.thresholdSpec }));
`;

describe("the compiler", () => {
  it("refuses ids, parameters, choices and thresholds that do not exist, in few words", async () => {
    project.write("tsconfig.json", tsconfig);
    project.write("use.ts", head + mistakes.map(([line]) => line).join("\n"));
    const said = messagesByLine(await compile("installed", project.folder));
    const firstLine = head.split("\n").length;
    for (const [index, [line, words]] of mistakes.entries()) {
      const message = said.get(firstLine + index) ?? "";
      for (const word of words) expect(message, line).toContain(word);
      expect(message.length, `${line}\n${message}`).toBeLessThan(450);
    }
    expect(said.size).toBe(mistakes.length);
  });

  it("takes what exists, and what only the running program knows", async () => {
    project.write("tsconfig.json", tsconfig);
    project.write("use.ts", head + right);
    expect(await compile("installed", project.folder)).toBe("");
  });
});

const tsconfig = JSON.stringify({
  compilerOptions: { noEmit: true, strict: true, module: "nodenext", target: "es2022", lib: ["es2024", "dom"], types: [] },
  include: ["use.ts"],
});

/** A message goes on in indented lines. */
function messagesByLine(output: string): Map<number, string> {
  const messages = new Map<number, string>();
  let current = 0;
  for (const text of output.split("\n").filter((one) => one !== "")) {
    const [, line] = /^use\.ts\((\d+),/.exec(text.replace(/^.*\/use\.ts/, "use.ts")) ?? [];
    if (line !== undefined) current = Number(line);
    messages.set(current, `${messages.get(current) ?? ""}${text}\n`);
  }
  return messages;
}
