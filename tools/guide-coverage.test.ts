import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { testsIn } from "./ci/test-titles.ts";

const root = resolve(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/guide-coverage.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| (?:[A-Z]{2}-\d+|Paths) \|/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

/** "`file`: title; `file`: title", each title as it begins. */
function proofsOf(cell: string): { readonly file: string; readonly title: string }[] {
  const parts = cell.split(/; (?=`)/).map((part) => /^`([^`]+)`: (.+)$/.exec(part));
  return parts.map((match) => ({ file: match?.[1] ?? "", title: match?.[2] ?? "" }));
}

/** The numbers of a demand, without those that belong to a name: level 1, O(1), the 51st, an index's name. */
function numbersIn(demand: string): number[] {
  const plain = demand.replaceAll(/`[^`]*`|level \d|\(\d+\)/g, "");
  return [...plain.matchAll(/(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])/g)].map(([number]) => Number(number.replaceAll(",", "")));
}

/** Whether the number stands there, itself or in thousandths: a test counts milliseconds where the demand counts seconds. */
function hasNumber(source: string, number: number): boolean {
  const found = [...source.matchAll(/(?<![\w.])\d[\d_]*(?:\.\d+)?/g)].map(([text]) => Number(text.replaceAll("_", "")));
  return found.includes(number) || found.includes(number * 1000);
}

describe("the page of what was demanded", () => {
  it.each(rows.map(([, id, demand, places, proof]) => [id, demand, places, proof]))(
    "names files that are there and tests with such a title, which speak of every number of the demand: %s %s",
    (_id, demand, places, proof) => {
      const paths = [...places.matchAll(/`([^`]+)`/g)].map(([, path]) => path);
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
      const sources = proofsOf(proof).map(({ file, title }) => {
        const tests = testsIn(file, readFileSync(join(root, file), "utf8"));
        return { title, source: tests.find((test) => test.title.startsWith(title))?.source };
      });
      expect(sources.filter(({ source }) => source === undefined).map(({ title }) => title)).toEqual([]);
      const all = sources.map(({ source }) => source).join("\n");
      expect(numbersIn(demand).filter((number) => !hasNumber(all, number))).toEqual([]);
    },
  );
});

describe("the tests of a file", () => {
  const text = `
    const table = [[3, "c"]];
    describe("a group", () => {
      it("says one thing", () => { expect(1).toBe(1); });
      it.each(table)("says %s", () => { expect(2).toBe(2); });
      test.skipIf(true)(\`says \${table}: more\`, () => {});
      // it("is only spoken of", () => {});
    });
    const notOne = "says nothing";
  `;

  it("are its calls with a title, and neither groups, comments nor other text", () => {
    expect(
      testsIn("some.test.ts", text)
        .map(({ title }) => title)
        .toSorted(),
    ).toEqual(["says %s", "says : more", "says one thing"]);
  });

  it("are made of the call and the table that it names", () => {
    const { source = "" } = testsIn("some.test.ts", text).find(({ title }) => title === "says %s") ?? {};
    expect([hasNumber(source, 2), hasNumber(source, 3), hasNumber(source, 1)]).toEqual([true, true, false]);
  });
});
