import { expect, it } from "vitest";
import { commentFilter } from "./csv-comments.ts";

const text = '// top "\na,b\n"x\n// no comment",1\n// c\n/,2\n/';

function filtered(
  pieces: readonly string[],
  options: { readonly keptLineCount?: number; readonly dropsLines?: boolean } = {},
): string {
  const filter = commentFilter({ comment: "//", keptLineCount: 0, dropsLines: false, ...options });
  return [...pieces, ""].map((piece) => filter.feed(piece)).join("");
}

it("empties comment lines outside of quotes, wherever the text is cut", () => {
  const expected = '\na,b\n"x\n// no comment",1\n\n/,2\n/';
  for (let at = 0; at <= text.length; at++) expect(filtered([text.slice(0, at), text.slice(at)])).toBe(expected);
  expect(filtered(text.split(""))).toBe(expected);
});

it("keeps the lines at the start, whose quotes open nothing", () => {
  expect(filtered([text], { keptLineCount: 1 })).toBe('// top "\na,b\n"x\n// no comment",1\n\n/,2\n/');
});

it("drops the lines of a table of one column", () => {
  expect(filtered(["1\n//\n2\n"], { dropsLines: true })).toBe("1\n2\n");
});
