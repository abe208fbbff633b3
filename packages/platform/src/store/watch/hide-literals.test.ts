import { describe, expect, it } from "vitest";
import { hideLiterals, shortened } from "./hide-literals.ts";

describe("a statement that is shown", () => {
  it.each([
    ["select a1 from t where b = 'secret' and c > 12.5e-3", "select a1 from t where b = ? and c > ?"],
    ["alter role x password 'it''s me', x", "alter role x password ?, x"],
    [String.raw`select E'a\'b', 'c'`, "select ?, ?"],
    ["select $1, $tag$secret $$ more$tag$, $$x$$, $12", "select $1, ?, ?, $12"],
    ['select "a \'b\' 7" from "t""5"', 'select "a \'b\' 7" from "t""5"'],
    ["select 1 -- secret\n from /* a /* secret */ secret */ t", "select ? from t"],
    ["select 0x1F, 1_000, .5, x'ab', U&'d\\0061t', t.c2", "select ?, ?, ?, ?, ?, t.c2"],
    ["select 'cut off in the mid", "select ?"],
    ["select E'cut off in the mid\\", "select ?"],
    ["select 5 /* cut off", "select ?"],
    ["select a-1, b[2]", "select a-?, b[?]"],
  ])("has no value and no comment: %s", (text, shown) => expect(hideLiterals(text)).toBe(shown));

  it("has 200 characters, then three dots", () => {
    expect(shortened("x".repeat(200))).toBe("x".repeat(200));
    expect(shortened("😀".repeat(201))).toBe(`${"😀".repeat(200)}...`);
  });
});
