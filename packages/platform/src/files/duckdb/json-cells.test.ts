import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, openDuckDb } from "./database.ts";
import { createTemporaryFiles } from "../local/temporary.ts";

const temporary = createTemporaryFiles();
let database: Database;
beforeAll(async () => {
  database = await openDuckDb({ threadCount: 1, temporaryFolder: temporary.folder(), signal: new AbortController().signal });
});
afterAll(() => {
  database.close();
  temporary.removeAll();
});

it.each([
  ["1::BIGINT", 1],
  ["-9007199254740991::BIGINT", -9007199254740991],
  ["9007199254740991::BIGINT", 9007199254740991],
  ["9007199254740993::BIGINT", "9007199254740993"],
  ["-9007199254740993::BIGINT", "-9007199254740993"],
  ["7::UBIGINT", 7],
  ["18446744073709551615::UBIGINT", "18446744073709551615"],
  ["7::HUGEINT", 7],
  ["170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"],
  ["1.50::DECIMAL(4,2)", 1.5],
  ["-0.10::DECIMAL(4,2)", -0.1],
  ["5::DECIMAL(18,0)", 5],
  ["123456789012.345::DECIMAL(18,3)", 123456789012.345],
  ["1234567890123456.78::DECIMAL(18,2)", "1234567890123456.78"],
  ["2.5::DOUBLE", 2.5],
  ["[1::BIGINT, 9007199254740993]", [1, "9007199254740993"]],
  ["{'x': 3::BIGINT, 'y': [1.5::DECIMAL(3,1)]}", { x: 3, y: [1.5] }],
  ["'12'", "12"],
  ["NULL::BIGINT", null],
  ["DATE '2024-05-06'", "2024-05-06"],
])("%s is %j in JSON", async (sql, expected) => {
  expect(await database.cells(`SELECT ${sql}`)).toEqual([[expected]]);
});
