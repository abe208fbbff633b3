import { describe, expect, it } from "vitest";
import { detect } from "../index.ts";
import { createRandom } from "../random.ts";

function rows() {
  const random = createRandom(11);
  const kinds = ["red", "green", "blue"];
  const usual = Array.from({ length: 200 }, (_, row) => ({
    size: 10 + random.normal(),
    weight: 5 + random.normal(),
    color: kinds[row % 3],
  }));
  return [...usual, { size: 10, weight: 40, color: "red" }, { size: 10, weight: 5, color: "violet" }];
}

describe("an explanation", () => {
  it("by contributions sums to the score over the columns of the caller, categories included", async () => {
    const { model } = await detect(rows(), { detector: "ecod", categories: "one-hot" });
    const { meaning, rows: explained } = model.explain(rows().slice(-2));
    expect(meaning).toBe("sums-to-score");
    for (const { score, reasons } of explained) {
      expect(reasons).toHaveLength(3);
      expect(reasons.reduce((sum, reason) => sum + reason.contribution, 0)).toBeCloseTo(score, 9);
    }
  });

  it("by substitution is how much the score falls when the column has its usual value", async () => {
    const { model } = await detect(rows(), { detector: "knn", categories: "one-hot" });
    const [heavy] = rows().slice(-2);
    const { meaning, rows: explained } = model.explain([heavy]);
    expect(meaning).toBe("substitution");
    const [first] = explained[0].reasons;
    expect(first.column).toBe("weight");
    const weight = model.columns.find((column) => column.name === "weight");
    if (weight?.profile.kind !== "number") throw new Error("weight is a column of numbers");
    const { median } = weight.profile;
    const difference = model.score([heavy])[0] - model.score([{ ...heavy, weight: median }])[0];
    expect(first.contribution).toBeCloseTo(difference, 12);
  });

  it.each(["one-hot", "frequency"] as const)(
    "by substitution takes a missing category for usual only where more than half of the rows have none, %s",
    async (categories) => {
      for (const [missingCount, usual] of [
        [101, "red"],
        [102, ""],
      ] as const) {
        const sparse = rows().map((row, index) => (index < missingCount ? { ...row, color: "" } : row));
        const { model } = await detect(sparse, { detector: "knn", categories, missing: "median" });
        const violet = sparse[201];
        const reason = model.explain([violet]).rows[0].reasons.find(({ column }) => column === "color");
        const difference = model.score([violet])[0] - model.score([{ ...violet, color: usual }])[0];
        expect(reason?.contribution).toBeCloseTo(difference, 12);
        expect(reason?.missingShare).toBe(missingCount / 202);
      }
    },
  );

  it("by substitution takes a missing number for usual only where more than half of the rows have none", async () => {
    for (const [missingCount, usual] of [
      [100, 5],
      [102, null],
    ] as const) {
      // The weights there are lie evenly about 5, their median, with one far above and one far below.
      const sparse = rows().map((row, index) => ({ ...row, weight: index < missingCount ? null : 4.5 + (index % 2) }));
      sparse[201].weight = 40;
      sparse[200].weight = -30;
      const { model } = await detect(sparse, { detector: "knn", missing: "indicator", exclude: ["color"] });
      const reason = model.explain([sparse[201]]).rows[0].reasons.find(({ column }) => column === "weight");
      const difference = model.score([sparse[201]])[0] - model.score([{ ...sparse[201], weight: usual }])[0];
      expect(reason?.contribution).toBeCloseTo(difference, 12);
    }
  });

  it("names the rare category and what is usual there", async () => {
    const { model } = await detect(rows(), { detector: "knn", categories: "one-hot" });
    const [reason] = model.explain([rows()[201]]).rows[0].reasons;
    expect(reason).toMatchObject({ column: "color", value: "violet", profile: { kind: "category", distinctCount: 4 } });
    expect(reason.profile).toMatchObject({
      commonest: [{ value: "red" }, { value: "green" }, { value: "blue" }, { value: "violet" }],
    });
  });
});
