import { createRandom, fit } from "@nomaly/detect";
import { expect, it } from "vitest";
import { encodePredictionRows, encodePredictions } from "./encode-predictions.ts";
import { predictRows } from "./predict-rows.ts";
import { rowsGiven } from "./parse-rows.ts";
import type { Rows, RowsGiven } from "./rows-given.ts";

const random = createRandom(2);
const rows = Array.from({ length: 60 }, (_, row) => ({
  power: 100 + random.normal(),
  fuel: row % 5 === 0 ? "diesel" : "petrol",
  sold: new Date(Date.UTC(2024, 0, 1 + ((row * 7) % 30))),
  automatic: row % 2 === 0,
}));
const model = await fit(rows, { detector: "robust-z" });

/** Dates too, which no request can hold and a table can. */
function givenAs(records: readonly object[]): RowsGiven {
  return {
    ...rowsGiven([[1]], undefined),
    rows: { kind: "records", records } as Rows,
    rowCount: records.length,
  };
}

it("writes numbers that read back to the same bits", () => {
  const predicted = predictRows(model, givenAs(rows), false);
  const parsed = JSON.parse(encodePredictions(predicted)) as { anomaly_score: number; is_anomaly: boolean; rank: number }[];
  expect(Float64Array.from(parsed, (row) => row.anomaly_score)).toEqual(predicted.scores);
  expect(Float64Array.from(parsed, (row) => row.rank)).toEqual(predicted.ranks);
  expect(parsed.map((row) => row.is_anomaly)).toEqual(Array.from(predicted.labels, (label) => label === 1));
  expect(`[${encodePredictionRows(predicted, 0, 7)},${encodePredictionRows(predicted, 7, 60)}]`).toBe(
    encodePredictions(predicted),
  );
});

it("gives each reason its value, contribution and what is usual, dates as dates and flags as flags", () => {
  const odd = { power: 250, fuel: "petrol", sold: new Date(Date.UTC(2024, 0, 5)), automatic: true };
  const predicted = predictRows(model, givenAs([odd]), true);
  const [{ reasons }] = JSON.parse(encodePredictions(predicted)) as [{ reasons: { column: string; value: unknown }[] }];
  expect(reasons[0]).toMatchObject({
    column: "power",
    value: 250,
    usual: expect.stringMatching(/^[\d.]+ to [\d.]+$/),
    usual_low: expect.any(Number),
    missing_share: 0,
  });
  expect(Object.fromEntries(reasons.map(({ column, value }) => [column, value]))).toEqual({ ...odd, sold: "2024-01-05" });
});

it("keeps so many reasons as were asked for, and refuses reasons for too many rows", () => {
  const given = givenAs(rows);
  const { explained } = predictRows(model, given, { top: 2 });
  expect(explained?.rows.map((reasons) => reasons.length)).toEqual(rows.map(() => 2));
  expect(() => predictRows(model, { ...given, rowCount: 10_001 }, true)).toThrow(
    expect.objectContaining({ code: "TOO_LARGE", field: "explain" }),
  );
});
