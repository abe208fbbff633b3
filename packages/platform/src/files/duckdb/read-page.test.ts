import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, expect, it } from "vitest";
import { cellLengthMax, pageBytesMax, pageOf } from "./read-page.ts";
import { openSource } from "./source.ts";
import { createTemporaryFiles } from "../local/temporary.ts";

const folder = mkdtempSync(join(tmpdir(), "nomaly-page-"));
const signal = new AbortController().signal;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function rowsOf(name: string, text: string | Uint8Array, window = { offset: 0, limit: 10 }): Promise<unknown> {
  const path = join(folder, name);
  writeFileSync(path, text);
  const temporary = createTemporaryFiles();
  const source = await openSource(path, { threadCount: 1, temporary, stdin: Readable.from([]), signal });
  try {
    return JSON.parse(Buffer.from((await pageOf(source, window)).json).toString());
  } finally {
    source.close();
    temporary.removeAll();
  }
}

it("gives whole numbers of JSON as numbers, and beyond 2^53 as texts with all their digits", async () => {
  const lines = ['{"id":9007199254740993,"n":1,"list":[1,2]}', '{"id":9007199254740991,"n":-2,"list":[]}'];
  expect(await rowsOf("whole.ndjson", `${lines.join("\n")}\n`)).toEqual([
    { id: "9007199254740993", n: 1, list: [1, 2] },
    { id: 9007199254740991, n: -2, list: [] },
  ]);
});

it("gives whole numbers of CSV as numbers, and beyond 2^53 as texts with all their digits", async () => {
  const text = "id,n,x\n9007199254740993,1,1e300\n5,2,0.5\n12345678901234567890123,3,-1e17\n";
  expect(await rowsOf("whole.csv", text)).toEqual([
    { id: "9007199254740993", n: 1, x: 1e300 },
    { id: 5, n: 2, x: 0.5 },
    { id: "12345678901234567890123", n: 3, x: -1e17 },
  ]);
  expect(await rowsOf("whole.csv", text, { offset: 1, limit: 1 })).toEqual([{ id: 5, n: 2, x: 0.5 }]);
});

it.each([
  ["names.csv", "speed,SPEED,Speed\n1,2,3\n4,5,6\n"],
  ["dates.json", '[{"speed":1,"SPEED":2,"Speed":3},{"Speed":6,"SPEED":5,"speed":4}]'],
  ["names.ndjson", '{"speed":1,"SPEED":2}\n{"SPEED":5,"Speed":6,"speed":4}\n'],
])("tells columns of %s apart that differ only in case", async (name, text) => {
  expect(await rowsOf(name, text)).toEqual([
    { speed: 1, SPEED: 2, Speed: name.endsWith(".ndjson") ? null : 3 },
    { speed: 4, SPEED: 5, Speed: 6 },
  ]);
});

it("tells columns of a Parquet file apart that differ only in case, also beside nested ones", async () => {
  const path = join(folder, "nested.parquet");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const nested = "{'x': 1, 'y': [{'z': 2}]} AS nested, MAP {'k': 3} AS pairs";
  await connection.run(`COPY (SELECT ${nested}, 4 AS speed, 5 AS other) TO '${path}' (FORMAT parquet, COMPRESSION uncompressed)`);
  connection.closeSync();
  // DuckDB cannot write such names: one is put in its place in the finished file, where it is as long.
  const bytes = Buffer.from(readFileSync(path).toString("latin1").replaceAll("other", "SPEED"), "latin1");
  expect(await rowsOf("named.parquet", bytes)).toEqual([
    { nested: { x: 1, y: [{ z: 2 }] }, pairs: [{ key: "k", value: 3 }], speed: 4, SPEED: 5 },
  ]);
});

it.each([
  ["plain.csv", "\ufeffa,b\n1,2\n"],
  ["quoted.csv", '\ufeff"a","b"\n1,2\n'],
  ["rows.json", '\ufeff[{"a":1,"b":2}]'],
  ["lines.ndjson", '\ufeff{"a":1,"b":2}\n'],
  ["unnamed", '\ufeff {"a":1,"b":2}\n'],
])("drops the byte order mark of %s", async (name, text) => {
  expect(await rowsOf(name, text)).toEqual([{ a: 1, b: 2 }]);
});

it("drops the byte order mark before a quoted name that holds a delimiter, a quote or a line end", async () => {
  for (const name of ["a, b", 'a "b"', "a\nb"]) {
    const text = `\ufeff"${name.replaceAll('"', '""')}",n\nx,1\ny,2\n`;
    expect(await rowsOf("marked.csv", text)).toEqual([
      { [name]: "x", n: 1 },
      { [name]: "y", n: 2 },
    ]);
  }
});

async function pageOfText(name: string, text: string, limit: number) {
  const path = join(folder, name);
  writeFileSync(path, text);
  const temporary = createTemporaryFiles();
  const source = await openSource(path, { threadCount: 1, temporary, stdin: Readable.from([]), signal });
  try {
    return await pageOf(source, { offset: 0, limit });
  } finally {
    source.close();
    temporary.removeAll();
  }
}

it("cuts texts that are longer than is shown, and counts them", async () => {
  const [just, longer] = ["a".repeat(cellLengthMax), "b".repeat(cellLengthMax + 1)];
  const { json, cutCount } = await pageOfText("long.csv", `x,y\n${just},${longer}\n${longer},${just}\n`, 10);
  const cut = "b".repeat(cellLengthMax);
  expect(JSON.parse(Buffer.from(json).toString())).toEqual([
    { x: just, y: cut },
    { x: cut, y: just },
  ]);
  expect(cutCount).toBe(2);
});

it("leaves out a list that would be longer, and keeps a short one", async () => {
  const list = `[${Array.from({ length: 1000 }, (_, index) => index).join()}]`;
  const { json, cutCount } = await pageOfText("lists.ndjson", `{"x":1,"list":[1,2]}\n{"x":2,"list":${list}}\n`, 10);
  expect(JSON.parse(Buffer.from(json).toString())).toEqual([
    { x: 1, list: [1, 2] },
    { x: 2, list: null },
  ]);
  expect(cutCount).toBe(1);
});

it("ends a page at its bytes, with as many rows as fit", async () => {
  const line = `${"z".repeat(999)},1\n`;
  const { json, rowCount } = await pageOfText("many.csv", `x,y\n${line.repeat(6000)}`, 6000);
  expect(json.length).toBeLessThan(pageBytesMax * 1.1);
  expect(json.length).toBeGreaterThan(pageBytesMax * 0.9);
  expect(JSON.parse(Buffer.from(json).toString())).toHaveLength(rowCount);
});
