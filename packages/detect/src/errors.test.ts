import { describe, expect, it } from "vitest";
import { NomalyError, rowAtFault } from "./errors.ts";
import { packError, unpackError } from "./travelling-error.ts";

const cause = new Error("what came before");
const message = ['column "row 3" is Infinity in ', rowAtFault, "; every value must be finite"];
const error = new NomalyError("NOT_FINITE", message, {
  field: "row 3",
  expected: "a number",
  received: "Infinity",
  rowIndex: 3,
  cause,
});

describe("an error told elsewhere", () => {
  it("names the row by its place there, and leaves a column alone that is called like the row", () => {
    expect(error.message).toBe('column "row 3" is Infinity in row 3; every value must be finite');
    const retold = error.retold({ prefix: "cars.csv: ", rowIndex: 70 });
    expect(retold.message).toBe('cars.csv: column "row 3" is Infinity in row 70; every value must be finite');
    expect(retold.rowIndex).toBe(70);
  });

  it("keeps code, details, cause and the place where it was thrown", () => {
    const { code, field, expected, received, rowIndex, stack } = error;
    expect(error.retold({ prefix: "cars.csv: " })).toMatchObject({ code, field, expected, received, rowIndex, cause, stack });
  });

  it("calls rows and options as that place does", () => {
    const option = { kind: "option", name: "missing", values: ["median", "indicator"] } as const;
    const missing = new NomalyError("COLUMN", [rowAtFault, ": use ", option], { rowIndex: 0 });
    expect(missing.message).toBe('row 0: use missing "median" or "indicator"');
    const naming = { row: (index: number) => `line ${index + 2}`, option: (name: string) => `--${name}` };
    expect(missing.retold({ naming }).message).toBe("line 2: use --missing");
  });

  it("keeps the names of that place when it is told further, and when it travels", () => {
    const naming = { row: (index: number) => `line ${index + 2}`, option: (name: string) => `--${name}` };
    const retold = error.retold({ naming });
    expect(retold.retold({ prefix: "cars.csv: ", rowIndex: 70 }).message).toBe(
      'cars.csv: column "row 3" is Infinity in line 72; every value must be finite',
    );
    expect(unpackError(structuredClone(packError(retold))).message).toBe(retold.message);
  });

  it("can be told from another thread as well as from here", () => {
    const arrived = unpackError(structuredClone(packError(error))) as NomalyError;
    expect(arrived).toMatchObject({ code: "NOT_FINITE", field: "row 3", message: error.message, cause: error.stack });
    expect(arrived.retold({ rowIndex: 5 }).message).toContain("in row 5;");
  });
});
