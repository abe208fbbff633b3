import { type MessagePart, NomalyError, rowAtFault } from "@nomaly/detect";
import { expect, it } from "vitest";
import type { RowStream } from "../files/read/row-stream.ts";
import { noRows, onRows, requireColumns } from "./file-errors.ts";
import type { Caller } from "./given-table.ts";

const columns = [
  { name: "speed", kind: "number", type: "DOUBLE" },
  { name: "speeds", kind: undefined, type: "DOUBLE[]" },
] as const;

function given(caller: Caller) {
  const rows: RowStream = {
    name: "cars.csv",
    format: "csv",
    columns,
    rowCount: undefined,
    batches: async function* () {},
    textSizeBytes: async () => 0,
    roundedColumns: new Set(),
    infiniteValues: new Map(),
  };
  return { rows, caller };
}

function errorOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

it("a bad row is told to a person from 1 and with options, to a program from 0 and with its place", async () => {
  const fills: MessagePart = { kind: "option", name: "missing", values: ["median", "indicator"] };
  const message = [rowAtFault, ' has no value in "speed"; ', fills, " fills it"];
  const work = () => Promise.reject(new NomalyError("NOT_FINITE", message, { rowIndex: 2, field: "speed", received: "NaN" }));
  const tenRowsOn = (row: number) => row + 10;
  const [forPerson, forProgram] = await Promise.all(
    (["command", "service"] as const).map((caller) => onRows(given(caller), tenRowsOn, work).catch((error: unknown) => error)),
  );
  expect(forPerson).toMatchObject({
    code: "NOT_FINITE",
    message: 'cars.csv: row 13 has no value in "speed"; --missing median or --missing indicator fills it',
    field: "speed",
  });
  expect(forProgram).toMatchObject({
    code: "NOT_FINITE",
    message: 'cars.csv: row 12 has no value in "speed"; missing "median" or "indicator" fills it',
    field: "speed",
    rowIndex: 12,
    received: "NaN",
  });
});

it("an error that is not about rows stays as it is", async () => {
  const aborted = new NomalyError("ABORTED", "row 2");
  await expect(
    onRows(
      given("command"),
      (row) => row,
      () => Promise.reject(aborted),
    ),
  ).rejects.toBe(aborted);
});

it("a column that is not there is told to a person with the option, to a program by its field", () => {
  const refusal = (caller: Caller, name: string) => errorOf(() => requireColumns(given(caller), [undefined, name], "label"));
  expect(refusal("command", "spee")).toMatchObject({
    message: 'cars.csv has no column "spee" (--label); did you mean "speed"?',
    field: "spee",
    received: "spee",
  });
  expect(refusal("service", "spee")).toMatchObject({
    message: 'cars.csv has no column "spee"; did you mean "speed"?',
    field: "label",
    received: "spee",
  });
  const unusable = 'cars.csv: column "speeds" of type DOUBLE[] cannot be used';
  expect(refusal("command", "speeds")).toMatchObject({ message: `${unusable} (--label)`, received: "DOUBLE[]" });
  expect(refusal("service", "speeds")).toMatchObject({ message: unusable, field: "label", received: "speeds" });
  expect(refusal("service", "speed")).toBeUndefined();
});

it("a file without rows is told by its name to a person, by the field of the rows to a program", () => {
  expect(noRows(given("command"))).toMatchObject({ message: "cars.csv has no rows, only column names (2)", field: "cars.csv" });
  expect(noRows(given("service"))).toMatchObject({ message: "cars.csv has no rows", field: "rows", received: "0" });
});
