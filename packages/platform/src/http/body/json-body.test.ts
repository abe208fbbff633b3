import { expect, it } from "vitest";
import { parseJson } from "./json-body.ts";

const parse = (text: string) => parseJson(Buffer.from(text));

it("counts brackets outside of texts alone", () => {
  const many = "[".repeat(100);
  expect(parse(JSON.stringify({ text: `${many}"\\"${many}` }))).toEqual({ text: `${many}"\\"${many}` });
  expect(parse(`[${"{},".repeat(500)}[]]`)).toHaveLength(501);
  expect(parse(`[${'"],[",'.repeat(500)}[]]`)).toHaveLength(501);
  expect(parse(`[${"[ ] , ".repeat(500)}[]]`)).toHaveLength(501);
});

it.each([
  ["", /empty/],
  ["{", /no JSON/],
  ["[".repeat(33) + "]".repeat(33), /deeper than 32/],
  ['{"a":['.repeat(17) + "]}".repeat(17), /deeper than 32/],
  ["[[1], ".repeat(33) + "1" + "]".repeat(33), /deeper than 32/],
  ['{"a":[{}\n,'.repeat(17) + "1" + "]}".repeat(17), /deeper than 32/],
  ["[".repeat(100_000) + "]".repeat(100_000), /deeper than 32/],
  ['{"a":{"__proto__":1}}', /__proto__/],
  ['{"a":{"_\\u005fproto__":1}}', /__proto__/],
  ['{"a":"\\u0000"}', /U\+0000/],
  ['{"a\\u0000":1}', /U\+0000/],
  ['{"a":[["b",{"c":[1,"\\u0000"]}]]}', /"c" holds/],
  ['[1,{"\\u005F_pr\\u006Fto__":1}]', /__proto__/],
])("refuses %j", (text, message) => expect(() => parse(text)).toThrow(message));

it("takes what is just deep enough, once and twice", () => {
  const nested = "[".repeat(31) + "]".repeat(31);
  expect(parse(`{"a":${nested}}`)).toEqual({ a: JSON.parse(nested) });
  expect(parse(`{"a":${nested},"b":${nested}}`)).toEqual({ a: JSON.parse(nested), b: JSON.parse(nested) });
});

it("takes escapes that hide nothing", () => {
  const text = '{"a":"\\u00e9\\u003c\\\\u0000 and a \\u0070","b\\u00df":["\\u4e2d"]}';
  expect(parse(text)).toEqual({ a: "é<\\u0000 and a p", bß: ["中"] });
});

it("takes little longer for a large body with escapes than for one without", () => {
  const numbers = `[${"1234.5,".repeat(300_000)}1]`;
  const timed = (text: string) => {
    const body = Buffer.from(text);
    // This thread's own time, so that other load on the machine does not count.
    const times = [1, 2, 3, 4, 5].map(() => {
      const start = process.threadCpuUsage();
      parseJson(body);
      const { user, system } = process.threadCpuUsage(start);
      return user + system;
    });
    return Math.min(...times);
  };
  const plain = timed(`{"name":"e","x":${numbers}}`);
  expect(timed(`{"name":"\\u00e9","x":${numbers}}`)).toBeLessThan(plain * 2);
  // A body that must be walked through.
  expect(timed(`{"name":"\\u0070","x":${numbers}}`)).toBeLessThan(plain * 4);
});
