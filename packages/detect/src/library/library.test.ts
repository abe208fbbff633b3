import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import { robustZ } from "../detectors/robust-z/index.ts";
import { detect, fit, type GivenThreshold, load, type Predictions } from "../index.ts";
import { createRandom } from "../random.ts";
import { createLibrary } from "./library.ts";

const detector = "robust-z";

/** 60 usual cars and one with far too much power. */
function cars() {
  const random = createRandom(5);
  return Array.from({ length: 61 }, (_, row) => ({
    car_id: row + 1000,
    horsepower: row === 60 ? 900 : 100 + 10 * random.normal(),
    fuel: row % 10 === 0 ? "diesel" : "petrol",
    automatic: row % 2 === 0,
    sold: new Date(Date.UTC(2024, 0, 1 + ((row * 7) % 30))),
  }));
}

describe("fit and detect", () => {
  it("finds the anomaly in objects with names, and says why", async () => {
    const { model, scores, labels } = await detect(cars(), { detector });
    expect(scores.indexOf(Math.max(...scores))).toBe(60);
    expect(labels[60]).toBe(1);
    const [explained] = model.explain([cars()[60]]).rows;
    expect(explained.reasons[0]).toMatchObject({ column: "horsepower", value: 900 });
    expect(explained.rank).toBeGreaterThan(0.98);
  });

  it("leaves out columns that number the rows, and says so", async () => {
    const { model } = await detect(cars(), { detector });
    expect(model.skippedColumns).toEqual([{ name: "car_id", reason: "its values change by equal steps from row to row" }]);
    const named = await fit(cars(), { detector, columns: ["car_id", "horsepower"] });
    expect(named.columns.map((column) => column.name)).toEqual(["car_id", "horsepower"]);
  });

  it("gives the same model from arrays, row-major numbers and columns by name", async () => {
    const rows = [
      [1, 2],
      [2, 1],
      [1.5, 1.7],
      [9, 9],
    ];
    const fromArrays = await detect(rows, { detector });
    const fromValues = await detect({ values: Float64Array.from(rows.flat()), columnCount: 2 }, { detector });
    const fromColumns = await detect({ a: [1, 2, 1.5, 9], b: Float64Array.of(2, 1, 1.7, 9) }, { detector });
    expect(fromValues.scores).toEqual(fromArrays.scores);
    expect(fromColumns.scores).toEqual(fromArrays.scores);
  });

  it("labels a tenth of the rows by default, those with scores strictly above numpy's 90 % percentile", async () => {
    const rows = Array.from({ length: 100 }, (_, i) => [i]);
    const { model, labels } = await detect(rows, { detector });
    expect(labels.reduce((a, b) => a + b)).toBe(10);
    // MAD of 0..99 is 25; numpy.percentile(0.6745 * abs(arange(100) - 49.5) / 25, 90)
    expect(model.threshold).toBeCloseTo((0.6745 * 44.6) / 25, 12);
  });

  it("speaks of a parameter in the spelling that it was given in", async () => {
    const fitWith = (params: Record<string, unknown>) => fit([[1], [2], [3]], { detector: "knn", params });
    await expect(fitWith({ nNeighbors: 0 })).rejects.toThrow("knn: nNeighbors must be a whole number");
    await expect(fitWith({ n_neighbors: 0 })).rejects.toThrow("knn: n_neighbors must be a whole number");
    await expect(fitWith({ nNeighbor: 2 })).rejects.toThrow('did you mean "nNeighbors"?');
    await expect(fitWith({ neighbors: 2 })).rejects.toThrow('did you mean "n_neighbors"?');
    await expect(fitWith({ k: 2 })).rejects.toThrow('has no parameter "k"; known: n_neighbors, method,');
    await expect(fitWith({ nNeighbors: 2, n_neighbors: 2 })).rejects.toThrow("nNeighbors and n_neighbors are the same parameter");
  });

  it("scores many rows on threads with the bits of one thread, scaled as they were in training", async () => {
    const random = createRandom(8);
    const values = Float64Array.from({ length: 4 * 120_000 }, () => 1000 + 50 * random.normal());
    const model = await fit({ values: values.slice(0, 4000), columnCount: 4 }, { detector: "hbos" });
    const rows = { values, columnCount: 4 };
    const scores = model.score(rows);
    expect(await model.scoreAsync(rows, { threads: 2 })).toStrictEqual(scores);
    expect(await model.scoreAsync(rows, { threads: 1 })).toStrictEqual(scores);
  });

  it("names the row and column that is no finite number, on however many threads", async () => {
    for (const detector of ["hbos", "ecod"] as const) {
      const model = await fit({ values: Float64Array.of(1, 2, 3, 4, 5, 7), columnCount: 2 }, { detector });
      const values = new Float64Array(2 * 250_000).fill(3);
      values[2 * 200_001 + 1] = Number.NaN;
      for (const threads of [1, 2]) {
        await expect(model.scoreAsync({ values, columnCount: 2 }, { threads })).rejects.toMatchObject({
          code: "NOT_FINITE",
          field: "rows[200001][1]",
        });
      }
    }
  });

  it("scores a named table like the same columns by name, in blocks and on threads, and names the column of what is wrong", async () => {
    const rowCount = 60_000;
    const [a, b] = [Float64Array.from({ length: rowCount }, (_, i) => Math.sin(i) * 3), new Float64Array(rowCount).fill(1)];
    b[7] = 1e300;
    const values = Float64Array.from({ length: 2 * rowCount }, (_, at) => (at % 2 === 0 ? a : b)[at >> 1]);
    for (const detector of ["hbos", "isolation-forest"] as const) {
      const model = await fit({ a, b }, { detector, seed: 1 });
      const expected = model.score({ b, a });
      const table = { values, columnCount: 2, columnNames: ["a", "b"] };
      expect(model.score(table)).toEqual(expected);
      const broken = values.slice();
      broken[2 * 50_001 + 1] = -Infinity;
      for (const threads of [1, 2]) {
        expect(await model.scoreAsync(table, { threads })).toEqual(expected);
        await expect(model.scoreAsync({ ...table, values: broken }, { threads })).rejects.toMatchObject({ field: "b" });
      }
    }
  });

  it("refuses options that there are not, with the nearest that there is", async () => {
    const mistyped: object = { detectr: "knn" };
    const absent: object = { detectr: undefined };
    const misplaced: object = { detector: "knn", n_neighbors: 2 };
    await expect(fit([[1], [2], [3]], mistyped)).rejects.toMatchObject({
      code: "PARAM",
      field: "detectr",
      message: 'there is no option "detectr"; did you mean "detector"?',
    });
    await expect(fit([[1], [2], [3]], misplaced)).rejects.toThrow("it is a parameter of knn: give it in params");
    await expect(fit([[1], [2], [3]], absent)).resolves.toBeDefined();
  });

  it("reports coded errors for what the caller got wrong", async () => {
    const rows = [
      [1, 2],
      [3, 4],
      [5, 7],
    ];
    // @ts-expect-error a misspelt id does not compile
    await expect(fit(rows, { detector: "robust-x" })).rejects.toMatchObject({ code: "UNKNOWN_DETECTOR" });
    // @ts-expect-error nor does a misspelt parameter
    await expect(fit(rows, { detector, params: { agregate: "mean" } })).rejects.toThrow(/did you mean "aggregate"/);
    await expect(fit(rows, { detector, contamination: 0.6 })).rejects.toMatchObject({ code: "PARAM" });
    await expect(fit(rows, { detector, contamination: 0.2, threshold: { method: "iqr" } })).rejects.toMatchObject({
      code: "PARAM",
    });
    await expect(fit([[1, 2]], { detector })).rejects.toMatchObject({ code: "TOO_FEW_ROWS" });
    await expect(fit([[1, 2], [3]], { detector })).rejects.toMatchObject({ code: "SHAPE" });
    await expect(
      fit(
        [
          [1, Number.NaN],
          [3, 4],
        ],
        { detector },
      ),
    ).rejects.toMatchObject({ code: "COLUMN", rowIndex: 0 });
    await expect(
      fit(
        [
          [1, Infinity],
          [3, 4],
        ],
        { detector },
      ),
    ).rejects.toMatchObject({ code: "NOT_FINITE", rowIndex: 0 });
    await expect(
      fit(
        [
          [1, 1],
          [1, 1],
        ],
        { detector },
      ),
    ).rejects.toThrow(/nothing to learn/);
    await expect(fit(rows, { detector, threads: 0 })).rejects.toMatchObject({ code: "PARAM", field: "threads" });
    await expect(fit(rows, { detector, seed: -1 })).rejects.toMatchObject({ code: "PARAM", field: "seed" });
    await expect(fit("rows" as never, { detector })).rejects.toMatchObject({ code: "SHAPE" });
  });

  it("works with a single detector and no worker threads", async () => {
    const library = createLibrary({ detectors: [robustZ] });
    const model = await library.fit([[1], [2], [3], [50]], { detector });
    expect(model.score([[50]])[0]).toBeGreaterThan(model.threshold);
  });
});

describe("ranks", () => {
  const many = (rowCount: number) => ({ values: Float64Array.from({ length: rowCount }, (_, row) => row), columnCount: 1 });
  const isValue = (found: Predictions) => Object.getOwnPropertyDescriptor(found, "ranks")?.value !== undefined;

  it("of up to 10,000 rows are values, which a console shows, beyond that they are computed when they are read", async () => {
    const small = await detect(many(10_000), { detector: "robust-z" });
    expect(inspect(small)).not.toContain("Getter");
    expect([small, small.model.predict(many(10_000)), small.model.predict(many(10_001))].map(isValue)).toEqual([
      true,
      true,
      false,
    ]);
    const large = await detect(many(10_001), { detector: "robust-z" });
    expect([large, large.model.predict([[1]])].map(isValue)).toEqual([false, false]);
  });

  it("have the same values either way: the share of the rows that are less far out", async () => {
    for (const rowCount of [9999, 10_001]) {
      const { ranks } = await detect(many(rowCount), { detector: "robust-z" });
      // The median is the least far out, the two ends are the farthest.
      expect([ranks[(rowCount - 1) / 2], ranks[0], ranks[rowCount - 1]]).toEqual([
        0,
        ...Array(2).fill((rowCount - 2) / rowCount),
      ]);
    }
  });
});

describe("a saved model", () => {
  it("scores, ranks and explains with the same bits after loading", async () => {
    const model = await fit(cars(), { detector, scaling: "robust" });
    const again = load(model.save());
    expect(again.predict(cars())).toEqual(model.predict(cars()));
    expect(again.explain(cars())).toEqual(model.explain(cars()));
    expect(again.columns).toEqual(model.columns);
    expect(again.save()).toEqual(model.save());
  });

  it("is refused when it is no model file", () => {
    expect(() => load(new TextEncoder().encode("scores: none"))).toThrow(expect.objectContaining({ code: "MODEL_FILE" }));
  });

  it("names the column that is missing or of another kind when scoring", async () => {
    const model = await fit(cars(), { detector });
    expect(() => model.score([{ horsepower: 1, fuel: "petrol", automatic: true }])).toThrow(/no column "sold"/);
    expect(() => model.score(cars().map((car) => ({ ...car, horsepower: "many" })))).toThrow(
      /"horsepower" was number in training, but is text \("many"\) in row 0/,
    );
    expect(() => model.score([[1, 2]])).toThrow(expect.objectContaining({ code: "COLUMN" }));
  });
});

describe("a model with another threshold", () => {
  const rows = Array.from({ length: 400 }, (_, i) => ({ a: Math.sin(i * 7.3), b: Math.cos(i * 1.1) * (i % 40 === 0 ? 9 : 1) }));

  it.each<GivenThreshold>([
    { contamination: 0.02 },
    { method: "percentile", percentile: 99 },
    { method: "iqr", factor: 2 },
    { method: "mad" },
    { method: "extreme-value", risk: 0.01 },
    { method: "fixed", value: 0.5 },
  ])("is the one that a fit with it gives: %j", async (threshold) => {
    const fitted = await fit(rows, { detector: "knn", threshold });
    const moved = (await fit(rows, { detector: "knn" })).withThreshold(threshold);
    expect([moved.threshold, moved.thresholdSpec]).toEqual([fitted.threshold, fitted.thresholdSpec]);
    expect(moved.save()).toEqual(fitted.save());
    const again = load((await fit(rows, { detector: "knn" })).save()).withThreshold(threshold);
    expect(again.save()).toEqual(fitted.save());
  });

  it("has the same scores and ranks, other labels, and leaves the first as it is", async () => {
    const model = await fit(rows, { detector: "ecod", contamination: 0.1 });
    const before = model.save();
    const moved = model.withThreshold(3);
    expect(moved.threshold).toBe(3);
    const [first, second] = [model.predict(rows), moved.predict(rows)];
    expect([second.scores, second.ranks]).toEqual([first.scores, first.ranks]);
    expect(second.labels).toEqual(Uint8Array.from(first.scores, (score) => (score > 3 ? 1 : 0)));
    expect(model.save()).toEqual(before);
  });

  it("learns further without the other, which stays as it is", async () => {
    const model = await fit(rows, { detector: "half-space-trees", params: { windowSize: 100 } });
    const moved = model.withThreshold({ contamination: 0.2 });
    const before = model.save();
    moved.update(rows.map(({ a, b }) => ({ a: a / 2, b })));
    expect(model.save()).toEqual(before);
    expect(moved.score(rows)).not.toEqual(model.score(rows));
  });

  it("is refused when the method or a parameter is wrong, and when the model keeps too few scores for it", async () => {
    const model = await fit(rows);
    expectCode("PARAM", () => model.withThreshold({ method: "none" }));
    expectCode("PARAM", () => model.withThreshold({ contamination: 0.6 }));
    expectCode("PARAM", () => model.withThreshold(Number.NaN));
  });

  it("is close to that of a fit where not all training scores are kept, and extreme-value is refused there", async () => {
    const values = Float64Array.from({ length: 70_000 }, (_, i) => Math.sin(i) ** 9);
    const model = await fit({ values, columnCount: 1 }, { detector: "robust-z" });
    const sorted = model.score({ values, columnCount: 1 }).sort();
    const { threshold } = model.withThreshold({ contamination: 0.03 });
    const below = sorted.filter((score) => score < threshold).length / sorted.length;
    expect(Math.abs(below - 0.97)).toBeLessThan(2 / 65_535);
    expectCode("UNSUPPORTED", () => model.withThreshold({ method: "extreme-value" }));
    const exact = { values: values.subarray(0, 65_536), columnCount: 1 };
    expect((await fit(exact, { detector: "robust-z" })).withThreshold({ method: "extreme-value" }).threshold).toBeGreaterThan(0);
  });
});
