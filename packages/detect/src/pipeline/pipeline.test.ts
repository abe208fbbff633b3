import { describe, expect, it } from "vitest";
import { columnSource } from "./column-source.ts";
import type { RowsInput } from "./column-source.ts";
import { encodeRows } from "./encode.ts";
import type { PipelineOptions } from "./learn.ts";
import { learnPipeline } from "./learn.ts";
import { type MissingPolicy, missingPolicies } from "./pipeline.ts";
import { parsePipeline } from "./pipeline-state.ts";

function encoded(rows: RowsInput, options: PipelineOptions, fresh: RowsInput = rows, unitsMatter = false) {
  const pipeline = learnPipeline(columnSource(rows), options, unitsMatter);
  const matrix = encodeRows(parsePipeline(JSON.parse(JSON.stringify(pipeline))), columnSource(fresh));
  return { pipeline, values: [...matrix.values], width: matrix.columnCount };
}

describe("scaling", () => {
  // sklearn.preprocessing on [[1], [2], [4], [9]]: StandardScaler, MinMaxScaler, RobustScaler.
  const rows = [[1], [2], [4], [9]];

  it("standard gives scikit-learn's numbers", () => {
    const { values } = encoded(rows, { scaling: "standard" });
    const expected = [-0.9733285267845753, -0.6488856845230502, 0, 1.6222142113076254];
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i], 12);
  });

  it("min-max gives scikit-learn's numbers", () => {
    expect(encoded(rows, { scaling: "min-max" }).values).toEqual([0, 0.125, 0.375, 1]);
  });

  it("robust gives scikit-learn's numbers", () => {
    const { values } = encoded(rows, { scaling: "robust" });
    const expected = [-0.5714285714285714, -0.2857142857142857, 0.2857142857142857, 1.7142857142857142];
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i], 12);
  });

  it("is standard by default for detectors that need comparable columns, and none for the others", () => {
    expect(encoded(rows, {}, rows, true).pipeline.scaling).toBe("standard");
    expect(encoded(rows, {}, rows, false).values).toEqual([1, 2, 4, 9]);
  });

  it("survives values near the largest float64", () => {
    const huge = [[1e308], [-1e308], [1e308], [0]];
    expect(encoded(huge, { scaling: "standard" }).values.every(Number.isFinite)).toBe(true);
  });
});

describe("missing values", () => {
  const rows = { a: [1, null, 3, 5], b: [1, 2, 3, 5] };

  it("are refused by default, naming column and row", () => {
    expect(() => encoded(rows, {})).toThrow(/column "a" has 1 missing value, the first in row 1/);
  });

  it("are named for all columns at once", () => {
    const both = { a: [1, null, 3, 5], b: ["x", "y", null, ""], c: [1, 2, 3, 4] };
    expect(() => encoded(both, {})).toThrow('columns "a" (1), "b" (2) have 3 missing values, the first in row 1;');
    expect(() => encoded(both, { columns: ["b", "c"] })).toThrow('column "b" has 2 missing values, the first in row 2;');
  });

  it("become the training median", () => {
    expect(encoded(rows, { missing: "median" }).values).toEqual([1, 1, 3, 2, 3, 3, 5, 5]);
  });

  it("are marked in a column of their own", () => {
    const { values, width } = encoded(rows, { missing: "indicator" });
    expect(width).toBe(3);
    expect(values).toEqual([1, 0, 1, 3, 1, 2, 3, 0, 3, 5, 0, 5]);
  });

  it.each([
    [1000, 10, "missing"],
    [1001, 10, undefined],
    [500, 10, "missing"],
    [500, 9, undefined],
    [20, 10, "missing"],
    [21, 11, "present"],
  ] as const)("of %i rows, %i of one column, by auto count as %s", (rowCount, missingCount, counted) => {
    const a = Array.from({ length: rowCount }, (_, row) => (row < missingCount ? null : (row * 7) % 11));
    const b = Array.from({ length: rowCount }, (_, row) => (row * 5) % 13);
    const { pipeline, values, width } = encoded({ a, b }, { missing: "auto" });
    const encoding = pipeline.columns[0].encoding;
    expect(encoding.kind === "number" && encoding.counted).toBe(counted);
    expect(width).toBe(counted === undefined ? 2 : 3);
    if (counted === undefined) return;
    const counts = a.map((value) => ((value === null) === (counted === "missing") ? 1 : 0));
    expect(values.filter((_, at) => at % width === 2)).toEqual(counts);
  });

  it("by auto are counted over all columns, after them", () => {
    const gap = (first: number, end: number) =>
      Array.from({ length: 30 }, (_, row) => (row >= first && row < end ? null : row % 5));
    const { values, width } = encoded({ a: gap(0, 10), b: gap(5, 15), c: gap(0, 16), d: gap(29, 30) }, { missing: "auto" });
    expect(width).toBe(5);
    // Where a or b is missing, and where c is there, as it mostly is not; d misses too few.
    const counts = Array.from({ length: 30 }, (_, row) => Number(row < 10) + Number(row >= 5 && row < 15) + Number(row >= 16));
    expect(values.filter((_, at) => at % width === 4)).toEqual(counts);
  });

  it("by auto in new rows get the median of a column that had none missing in training", () => {
    const { values } = encoded({ a: [1, 2, 9], b: [1, 2, 4] }, { missing: "auto" }, { a: [null], b: [null] });
    expect(values).toEqual([2, 2]);
  });

  it("by auto leave out a column that has no value, even one that was chosen", () => {
    const empty = { a: [1, 2, 9], b: [null, null, null] };
    for (const options of [{}, { columns: ["a", "b"] }, { categorical: ["b"] }]) {
      const { pipeline } = encoded(empty, { missing: "auto", ...options });
      expect(pipeline.skipped).toEqual([{ name: "b", reason: "it has no values" }]);
    }
    expect(
      encoded(
        [
          [1, null],
          [3, null],
        ],
        { missing: "auto" },
      ).values,
    ).toEqual([1, 3]);
    expect(() => encoded({ b: [null, null] }, { missing: "auto" })).toThrow(
      'no column is left to learn from ("b": it has no values)',
    );
  });

  it("by auto change nothing where none is missing", () => {
    const whole = { a: [1, 2, 9], b: [1, 2, 4] };
    expect(encoded(whole, { missing: "auto" }, whole, true).values).toEqual(encoded(whole, {}, whole, true).values);
  });

  it("in new rows are refused where training had been told to refuse them", () => {
    const fresh = { a: [1, null], b: [1, 2] };
    expect(() => encoded({ a: [1, 2, 9], b: [1, 2, 3] }, {}, fresh)).toThrow(
      /column "a" has 1 missing value.*or fit with missing "auto" or "median"$/,
    );
  });
});

describe("categories", () => {
  const rows = { color: ["red", "blue", "red", "red"], size: [1, 2, 3, 5] };

  it("become one 0/1 column each, the commonest first; an unseen one is 0 in all", () => {
    const fresh = { color: ["blue", "green"], size: [1, 1] };
    const { values } = encoded(rows, { categories: "one-hot" }, fresh);
    expect(values).toEqual([0, 1, 1, 0, 0, 1]);
  });

  it("become their share of the training rows; an unseen one is 0", () => {
    const fresh = { color: ["blue", "red", "green"], size: [1, 1, 1] };
    expect(encoded(rows, { categories: "frequency" }, fresh).values).toEqual([0.25, 1, 0.75, 1, 0, 1]);
  });

  it("fall back to shares when there are too many for one-hot", () => {
    const color = Array.from({ length: 60 }, (_, i) => `c${i % 25}`);
    const { width } = encoded({ color, size: color.map((_, i) => i ** 2) }, { categories: "one-hot" });
    expect(width).toBe(2);
  });

  it("may be numbers when declared so", () => {
    const { pipeline } = encoded({ zip: [8001, 8002, 8001], size: [1, 2, 4] }, { categorical: ["zip"] });
    expect(pipeline.columns[0].encoding).toMatchObject({ kind: "frequency", categories: ["8001", "8002"] });
  });

  it("are not made of a number column with a slip in it", () => {
    const a = [...Array.from({ length: 19 }, (_, i) => String(i * i)), "n/a"];
    expect(() => encoded({ a, b: a.map((_, i) => i % 3) }, {})).toThrow(/holds numbers in 19 of 20 rows, but "n\/a" in row 19/);
  });

  it.each([
    ["20 numbers with five rows each", 20, 5, false],
    ["21 numbers with five rows each", 21, 5, true],
    ["20 numbers, one of them with four rows", 20, 4.95, true],
  ])("may be few numbers that repeat beside a text: %s", (_, codeCount, rowsOfCode, isRefused) => {
    const a = [...Array.from({ length: codeCount * rowsOfCode }, (_value, i) => String(i % codeCount)), "rotary"];
    const learn = () => encoded({ a, b: a.map((_value, i) => i % 3) }, {}).pipeline.columns[0].kind;
    if (isRefused) expect(learn).toThrow(/but "rotary" in row/);
    else expect(learn()).toBe("text");
  });
});

describe("a column of whole numbers and codes", () => {
  const learn = (...others: string[]) => {
    const id = [...Array.from({ length: 40 }, (_, i) => String(100 + i)), ...others];
    return encoded({ id, b: id.map((_value, i) => i % 3) }, {}).pipeline;
  };

  it.each([
    ["207a", "136A"],
    ["c168", "AB7"],
    ["12-14", "98115-4820"],
    ["3/4", "5_b"],
  ])("such as %s and %s names rows", (...codes) => {
    expect(learn(...codes).skipped).toEqual([{ name: "id", reason: "every value is a different text" }]);
  });

  it.each([
    ["one code, which may be a slip", "207a"],
    ["letters that may be a mistyped 0 or 1", "12O", "l05"],
    ["a unit of two letters", "12cm", "14cm"],
    ["words", "none", "many"],
    ["a code beside a fraction", "207a", "207b", "0.5"],
    ["a code beside a negative number", "207a", "207b", "-5"],
  ])("is refused with %s", (_, ...others) => {
    expect(() => learn(...others)).toThrow(new RegExp(`holds numbers in 4\\d of 4\\d rows, but "${others[0]}" in row 40`));
  });
});

describe("identifiers", () => {
  const length = 30;
  const value = Array.from({ length }, (_, i) => (i * 7919) % 13);

  it.each([
    ["texts that are all different", Array.from({ length }, (_, i) => `name ${i}`), /different text/],
    ["running numbers in any order", Array.from({ length }, (_, i) => 500 + ((i * 7) % length)), /numbers the rows/],
    ["dates that run on", Array.from({ length }, (_, i) => new Date(1e12 + i * i * 1e6)), /dates only rise/],
  ])("are recognised: %s", (_, cells, reason) => {
    const { pipeline } = encoded({ label: cells, value }, {});
    expect(pipeline.columns.map((column) => column.name)).toEqual(["value"]);
    expect(pipeline.skipped[0].reason).toMatch(reason);
  });

  it("are kept when nothing says they are: distinct measurements", () => {
    const measured = Array.from({ length }, (_, i) => Math.sin(i));
    expect(encoded({ measured, value }, {}).pipeline.skipped).toEqual([]);
  });
});

describe("columns", () => {
  const rows = { a: [1, 2, 4], b: [4, 5, 6], label: [0, 0, 1] };

  it("are picked and left out by name", () => {
    expect(encoded(rows, { columns: ["b", "a"] }).values).toEqual([4, 1, 5, 2, 6, 4]);
    expect(encoded(rows, { exclude: ["label", "a"] }).values).toEqual([4, 5, 6]);
  });

  it("that are unknown are named with the nearest", () => {
    expect(() => encoded(rows, { exclude: ["lable"] })).toThrow(/no column "lable"; did you mean "label"/);
  });

  it("that new rows lack are named with the nearest of those that the model does not know", () => {
    expect(() => encoded(rows, {}, { a: [8], label: [1] })).toThrow('there is no column "b"; there are a, label');
    expect(() => encoded(rows, {}, { a: [8], b: [9], lable: [1] })).toThrow('there is no column "label"; did you mean "lable"?');
  });

  it("of new rows are found by name, in any order, others ignored", () => {
    const fresh = { extra: ["x"], label: [1], b: [9], a: [8] };
    expect(encoded(rows, {}, fresh).values).toEqual([8, 9, 1]);
  });

  it("of a row-major table are found by name as well, in the same order or another", () => {
    const table = (columnNames: string[], ...values: number[]) => ({ values, columnCount: columnNames.length, columnNames });
    const given = table(["a", "b"], 1, 4, 2, 5, 4, 6);
    for (const scaling of ["none", "standard"] as const) {
      const byName = encoded({ a: [1, 2, 4], b: [4, 5, 6] }, { scaling }, { a: [8, 7], b: [9, 3] });
      expect(encoded(given, { scaling }, table(["a", "b"], 8, 9, 7, 3)).values).toEqual(byName.values);
      expect(encoded(given, { scaling }, table(["b", "x", "a"], 9, 0, 8, 3, 0, 7)).values).toEqual(byName.values);
      const broken = (value: number) => () => encoded(given, { scaling }, table(["a", "b"], 8, 9, 7, value));
      expect(broken(Number.NaN)).toThrow('"b"');
      expect(broken(-Infinity)).toThrow('"b"');
      if (scaling === "standard") expect(broken(1.7e308)).toThrow('"b" holds values too large to be scaled');
    }
    expect(() => encoded(given, {}, table(["a", "c"], 1, 2))).toThrow('there is no column "b"');
    expect(() => encoded({ a: [new Date(1)], b: [4] }, {}, table(["a", "b"], 1, 2))).toThrow('column "a" was date');
  });

  it("of a saved pipeline tell what is done with missing values where it does not say so itself, as the first ones do not", () => {
    const gaps = { a: Array.from({ length: 40 }, (_, row) => (row % 3 === 0 ? null : row)), b: Array(40).fill("x") };
    const named = (given: RowsInput, missing: MissingPolicy) => {
      const saved = JSON.parse(JSON.stringify(learnPipeline(columnSource(given), { missing, categorical: ["b"] }, false)));
      const { missing: _, ...first } = saved;
      return [parsePipeline(saved).missing, parsePipeline(first).missing];
    };
    for (const missing of missingPolicies) expect(named(missing === "refuse" ? rows : gaps, missing)).toEqual([missing, missing]);
    // Without gaps the columns of auto are those of median.
    expect(named({ b: ["x", "y", "x"] }, "auto")).toEqual(["auto", "median"]);
    const pipeline = { ...learnPipeline(columnSource(rows), {}, false), missing: "none" };
    expect(() => parsePipeline(pipeline)).toThrow(expect.objectContaining({ code: "MODEL_FILE" }));
  });

  it("damaged in a saved pipeline are refused", () => {
    for (const damage of [{ scale: 0 }, { scale: 2 }, { center: 1 }, { indicator: true }]) {
      const pipeline = JSON.parse(JSON.stringify(learnPipeline(columnSource(rows), {}, false)));
      expect(parsePipeline(pipeline)).toEqual(pipeline);
      Object.assign(pipeline.columns[0].encoding, damage);
      expect(() => parsePipeline(pipeline)).toThrow(expect.objectContaining({ code: "MODEL_FILE" }));
    }
    expect(() => parsePipeline({ columns: [] })).toThrow(expect.objectContaining({ code: "MODEL_FILE" }));
  });
});

describe("rows that say things in several ways", () => {
  it("numbers written as texts are numbers; codes are not", () => {
    const { pipeline, values } = encoded(
      { hp: ["100", " 90 ", "1e2"], code: ["007", "008", "007"] },
      { categories: "frequency" },
    );
    expect(pipeline.columns.map((column) => column.kind)).toEqual(["number", "text"]);
    expect(values.filter((_, at) => at % 2 === 0)).toEqual([100, 90, 100]);
  });

  it("a blank text is missing, not 0", () => {
    expect(() => encoded({ hp: [100, 90, 80] }, {}, [{ hp: " " }])).toThrow(/column "hp" has 1 missing value/);
  });

  it("cells of one call may mix numbers and texts when a model knows the kind", () => {
    expect(encoded({ hp: [100, 90, 80] }, {}, [{ hp: "105" }, { hp: 105 }]).values).toEqual([105, 105]);
  });

  it("a text among flags is refused by its own row, and flags written as words are flags", () => {
    const rows = [true, false, true].map((on, index) => ({ on, load: index }));
    const fresh = (last: string) => [...rows, { on: last, load: 3 }];
    expect(encoded(rows, {}, fresh("false")).values.slice(6)).toEqual([0, 3]);
    const refused = expect.objectContaining({ code: "COLUMN", field: "on", rowIndex: 3 });
    expect(() => encoded(rows, {}, fresh("maybe"))).toThrow(refused);
  });

  it("booleans and dates declared categorical are found again", () => {
    const rows = { flag: [true, false, true, true], day: [1, 2, 1, 1].map((day) => new Date(Date.UTC(2024, 0, day))) };
    const { values } = encoded(rows, { categorical: ["flag", "day"], categories: "frequency" });
    expect(values).toEqual([0.75, 0.75, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75]);
  });

  it("rows without names keep each column's own scale, whichever are picked", () => {
    const rows = [
      [0, 10],
      [1, 30],
      [2, 20],
    ];
    expect(encoded(rows, { scaling: "min-max", columns: ["column_1", "column_0"] }).values).toEqual([0, 0, 1, 0.5, 0.5, 1]);
    expect(encoded(rows, { exclude: ["column_0"] }).values).toEqual([10, 30, 20]);
  });

  it("a Float32Array, nulls in arrays, and no rows at all are rows too", () => {
    const values = Float32Array.of(1, 2, 3, 4);
    expect(encoded({ values, columnCount: 2 }, {}).values).toEqual([1, 2, 3, 4]);
    expect(
      encoded(
        [
          [1, null],
          [2, 5],
          [3, 7],
        ],
        { missing: "median" },
      ).values,
    ).toEqual([1, 6, 2, 5, 3, 7]);
    expect(
      encoded(
        [
          [1, 2],
          [3, 4],
        ],
        {},
        [],
      ).values,
    ).toEqual([]);
    expect(() => encoded([[1, 2], null] as never, {})).toThrow(expect.objectContaining({ code: "SHAPE" }));
  });

  it("interfaces are rows", () => {
    interface Car {
      readonly power: number;
    }
    const cars: Car[] = [{ power: 1 }, { power: 2 }];
    expect(encoded(cars, {}).values).toEqual([1, 2]);
  });
});

describe("what is usual", () => {
  it("does not depend on a period of the rows", () => {
    const alternating = Float64Array.from({ length: 40_000 }, (_, row) => (row % 2 === 0 ? 0 : 100 + (row % 7)));
    const { pipeline } = encoded({ values: alternating, columnCount: 1 }, {});
    expect(pipeline.columns[0].profile).toMatchObject({ low: 0, high: expect.closeTo(106, 0) });
  });

  it("a constant column is divided by 1, whatever rounding leaves of its spread", () => {
    const rows = Array.from({ length: 50 }, (_, row) => ({ constant: 0.1, other: row * row }));
    const { values } = encoded(rows, { scaling: "standard" }, [{ constant: 0.2, other: 0 }]);
    expect(values[0]).toBe(0.1);
  });

  it("which rows miss a value is something to learn from", () => {
    const rows = { a: [1, null, 1, 1] };
    expect(encoded(rows, { missing: "indicator" }).values).toEqual([1, 0, 1, 1, 1, 0, 1, 0]);
    expect(() => encoded(rows, { missing: "median" })).toThrow(/nothing to learn/);
  });
});

describe("options", () => {
  it.each([
    ["scaling", "zscore"],
    ["missing", "drop"],
    ["categories", "onehot"],
  ])("%s %s is refused by name", (name, value) => {
    expect(() => encoded([[1], [2]], { [name]: value })).toThrow(expect.objectContaining({ code: "PARAM", field: name }));
  });
});
