import { describe, expect, it } from "vitest";
import { comparisonsIn, sortColumn } from "./plan-conditions.ts";

const found = (condition: string) =>
  comparisonsIn(condition).map(
    ({ alias, column, operator, isCastToText }) => `${alias}.${column} ${operator}${isCastToText ? " text" : ""}`,
  );

describe("the comparisons of a condition as EXPLAIN prints it", () => {
  it.each([
    ["(o.a = 1)", ["o.a ="]],
    ["((o.a = 'x AND (y'::text) AND (o.b >= $1) AND ((o.c)::text = 'z'::text))", ["o.a =", "o.b >=", "o.c = text"]],
    ["(($1 < o.a) AND (2 >= o.b))", ["o.a >", "o.b <="]],
    ['("My Table"."A ""b""" = $1)', ['"My Table"."A ""b""" =']],
    ["((o.a = 1) AND ((o.b = 2) AND (o.c = 3)))", ["o.a =", "o.b =", "o.c ="]],
    ["(o.a = p.b)", ["o.a =", "p.b ="]],
    ["(o.a = ANY ('{1,2}'::integer[]))", ["o.a ="]],
    ["(o.a = (o.b + 1))", []],
    ["((o.a = 1) OR (o.b = 2))", []],
    ["((o.a)::numeric = 1.5)", []],
    ["(NOT o.a)", []],
    ["(o.a <> 1)", []],
    ["((o.a + 1) = 2)", []],
    ["(lower(o.a) = $1)", []],
  ])("%s", (condition, expected) => expect(found(condition)).toEqual(expected));
});

describe("a sort key", () => {
  it.each([
    ["o.a", { alias: "o", column: "a", direction: "" }],
    ["o.a DESC NULLS LAST", { alias: "o", column: "a", direction: " DESC NULLS LAST" }],
    ['o."B c" NULLS FIRST', { alias: "o", column: '"B c"', direction: " NULLS FIRST" }],
    ["(o.a + 1)", undefined],
    ['o.a COLLATE "C"', undefined],
  ])("%s", (key, expected) => expect(sortColumn(key)).toEqual(expected));
});
