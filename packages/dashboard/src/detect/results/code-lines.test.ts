import { expect, it } from "vitest";
import { commands } from "../../../../platform/src/cli/commands.ts";
import { clientLines, commandLine, curlLines, type Done } from "./code-lines.ts";

const done: Done = {
  url: "http://127.0.0.1:8080",
  fileName: "cars.csv",
  detectorId: "d1",
  datasetId: "s1",
  algorithmName: "auto",
  hyperparameters: { n_estimators: 300 },
  contamination: 0.1,
};

it("each way names what was done, and a key by the name of a variable", () => {
  expect(curlLines(done).split("\n")).toEqual([
    "curl -sS --fail-with-body http://127.0.0.1:8080/api/detection/predict \\",
    '  -H "X-API-Key: $NOMALY_KEY" -H "Content-Type: application/json" \\',
    `  -d '{"detector_id":"d1","dataset_id":"s1","explain":true}'`,
  ]);
  expect(commandLine(done)).toBe(
    "nomaly detect cars.csv -a auto --set n_estimators=300 --contamination 0.1 --report report.html",
  );
  expect(clientLines(done)).toContain('createClient({ url: "http://127.0.0.1:8080", apiKey: process.env.NOMALY_KEY })');
});

it("the command knows every option of its line", () => {
  const known = commands.find(({ name }) => name === "detect")?.options.map(({ name }) => name) ?? [];
  const named = [...commandLine(done).matchAll(/ --([a-z-]+)/g)].map(([, name]) => name);
  expect(named).toEqual(["set", "contamination", "report"]);
  expect(known).toEqual(expect.arrayContaining(named));
});

it("a file's name is a name in the shell and in the program, whatever it holds", () => {
  expect(commandLine({ ...done, fileName: "it's $(mine).csv" })).toContain(String.raw`detect 'it'\''s $(mine).csv' -a`);
  expect(commandLine({ ...done, fileName: "-o.csv" })).toContain("detect ./-o.csv -a");
  expect(clientLines({ ...done, fileName: '"; exit(); "' })).toContain(String.raw`openAsBlob("\"; exit(); \"")`);
});
