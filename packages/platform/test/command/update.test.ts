import { fit, load } from "@nomaly/detect";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const csv = folder.write("plant.csv", toCsv(plantRows()));
const learner = folder.file("learner.nomaly");
const forest = folder.file("forest.nomaly");
const run = async (...words: string[]) => {
  const result = await runInProcess(words);
  expect([result.code, result.stderr]).toEqual([0, ""]);
  return result.stdout;
};
const made = (async () => {
  await run("fit", csv, "-m", learner, "-a", "half-space-trees", "--set", "window_size=60");
  await run("fit", csv, "-m", forest);
})();

describe("nomaly update", () => {
  it("lets a model learn from the rows of a file as the library does, in its place or in another file", async () => {
    await made;
    const model = load(readFileSync(learner));
    const { columns } = model;
    const other = folder.file("other.nomaly");
    expect(await run("update", csv, "-m", learner, "-o", other)).toMatch(/learned further from 200 rows/);
    expect(model.save()).toEqual(new Uint8Array(readFileSync(learner)));
    model.update(plantRows().map((row) => Object.fromEntries(columns.map(({ name }) => [name, Reflect.get(row, name)]))));
    expect(new Uint8Array(readFileSync(other))).toEqual(model.save());
    await run("update", csv, "-m", learner);
    expect(readFileSync(learner)).toEqual(readFileSync(other));
    const told = JSON.parse(await run("update", csv, "-m", learner, "-o", other, "--json")) as object;
    expect(told).toMatchObject({ model: other, algorithm: "half-space-trees", row_count: 200 });
  });

  it("refuses a model of an algorithm that cannot, names those that can, and leaves the file as it is", async () => {
    await made;
    const before = readFileSync(forest);
    const { code, stderr } = await runInProcess(["update", csv, "-m", forest]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/UNSUPPORTED: auto does not learn from further rows, only half-space-trees/);
    expect(readFileSync(forest)).toEqual(before);
    expect((await runInProcess(["update", csv])).stderr).toMatch(/needs -m MODEL/);
  });
});

describe("nomaly score with another threshold", () => {
  it("judges by the threshold that a fit with it sets", async () => {
    await made;
    const model = await fit(
      plantRows().map(({ speed, power, site }) => ({ speed, power, site })),
      { detector: "auto", contamination: 0.02 },
    );
    await run("fit", csv, "-m", folder.file("same.nomaly"), "--exclude", "label");
    const score = async (...words: string[]) =>
      JSON.parse(await run("score", csv, "-m", folder.file("same.nomaly"), "--json", ...words)) as { threshold: number };
    expect((await score("--contamination", "0.02")).threshold).toBe(model.threshold);
    expect((await score("--threshold", "0.7")).threshold).toBe(0.7);
    expect((await score("--threshold", "iqr:factor=2")).threshold).toBe(
      model.withThreshold({ method: "iqr", factor: 2 }).threshold,
    );
    expect((await runInProcess(["score", csv, "-m", forest, "--threshold", "1", "--contamination", "0.1"])).code).not.toBe(0);
  });
});
