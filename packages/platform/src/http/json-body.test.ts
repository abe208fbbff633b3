import { expect, it } from "vitest";
import { parseJson } from "./json-body.ts";

const parse = (text: string) => parseJson(Buffer.from(text));

it("counts brackets outside of texts alone", () => {
  const many = "[".repeat(100);
  expect(parse(JSON.stringify({ text: `${many}"\\"${many}` }))).toEqual({ text: `${many}"\\"${many}` });
  expect(parse(`[${"{},".repeat(500)}[]]`)).toHaveLength(501);
});

it.each([
  ["", /empty/],
  ["{", /no JSON/],
  ["[".repeat(33) + "]".repeat(33), /deeper than 32/],
  ['{"a":{"__proto__":1}}', /__proto__/],
  ['{"a":{"_\\u005fproto__":1}}', /__proto__/],
  ['{"a":"\\u0000"}', /U\+0000/],
  ['{"a\\u0000":1}', /U\+0000/],
])("refuses %j", (text, message) => expect(() => parse(text)).toThrow(message));
