import { describe, expect, it } from "vitest";
import { seriesNovelty } from "../detectors/series-novelty/index.ts";
import { createLibrary } from "../library/library.ts";

const library = createLibrary({ detectors: [seriesNovelty] });
const options = { detector: "series-novelty", threads: 1 } as const;
const rowCount = 400;
const valueOf = (row: number) => Math.sin(row / 7) + (row % 5) / 10;
const rowsOf = (more: (row: number) => object) =>
  Array.from({ length: rowCount }, (_, row) => ({ value: valueOf(row), ...more(row) }));

describe("a detector of one column", () => {
  it("takes the one column that is left beside identifiers, empty and constant ones", async () => {
    const plain = await library.detect(
      rowsOf(() => ({})),
      options,
    );
    const rows = rowsOf((row) => ({ id: `pump-${row}`, site: "north", unit: 4, none: null }));
    const { model, scores } = await library.detect(rows, options);
    expect(model.columns.map(({ name }) => name)).toEqual(["value"]);
    expect(model.skippedColumns.map(({ name }) => name).toSorted()).toEqual(["id", "none", "site", "unit"]);
    expect(scores).toEqual(plain.scores);
    const again = library.load(model.save());
    expect(again.score(rows)).toEqual(model.score(rows));
    expect(again.score([{ unit: 5, value: 9 }])).toEqual(plain.model.score([{ value: 9 }]));
  });

  it("takes rows without names, too, whose other column is constant", async () => {
    const rows = Array.from({ length: rowCount }, (_, row) => [3, valueOf(row)]);
    const { model } = await library.detect(rows, options);
    expect(model.columns.map(({ position }) => position)).toEqual([1]);
    const narrow = await library.fit(
      rows.map(([, value]) => [value]),
      options,
    );
    expect(model.score([[3, 8]])).toEqual(narrow.score([[8]]));
  });

  it("refuses two columns by name, unless one is chosen", async () => {
    const rows = rowsOf((row) => ({ load: row % 9 }));
    await expect(library.fit(rows, options)).rejects.toMatchObject({
      code: "COLUMN",
      message: 'series-novelty takes one column, these rows make 2 (from "value", "load"); choose, for instance, columns "value"',
      received: "2",
    });
    expect((await library.fit(rows, { ...options, columns: ["load"] })).columns).toHaveLength(1);
  });

  it("refuses the second column that tells of missing values, unless the median fills them in", async () => {
    const rows = rowsOf((row) => (row % 20 === 3 ? { value: null } : {}));
    await expect(library.fit(rows, options)).rejects.toMatchObject({ code: "COLUMN", field: "value" });
    for (const missing of ["auto", "indicator"] as const) {
      await expect(library.fit(rows, { ...options, missing })).rejects.toMatchObject({
        code: "COLUMN",
        message: expect.stringMatching(/make 2 .*missing values.*missing "median"$/) as string,
      });
    }
    expect((await library.fit(rows, { ...options, missing: "median" })).columns).toHaveLength(1);
  });

  it("refuses too few rows, nothing but one value, and infinity", async () => {
    await expect(library.fit(rowsOf(() => ({})).slice(0, 150), options)).rejects.toMatchObject({ code: "TOO_FEW_ROWS" });
    await expect(
      library.fit(
        rowsOf(() => ({ value: 1 })),
        options,
      ),
    ).rejects.toMatchObject({ code: "COLUMN" });
    const infinite = rowsOf((row) => (row === 9 ? { value: Number.POSITIVE_INFINITY } : {}));
    await expect(library.fit(infinite, options)).rejects.toMatchObject({ code: "NOT_FINITE" });
  });

  it("refuses a new row without a value, and learns nothing from it", async () => {
    const model = await library.fit(
      rowsOf(() => ({})),
      options,
    );
    const before = model.save();
    for (const value of [null, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(() => model.update([{ value: 1 }, { value }])).toThrow(expect.objectContaining({ name: "NomalyError" }) as Error);
    }
    expect(model.save()).toEqual(before);
  });
});
