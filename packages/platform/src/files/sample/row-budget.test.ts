import { expect, it } from "vitest";
import { fitBytesOf, rowCountWithinBudget } from "./row-budget.ts";

const columns = ["a", "b"].map((name) => ({ name, kind: "number" as const, type: "DOUBLE" }));
const rows = { columns, textSizeBytes: async () => 0 };

it("a fit takes as many rows as its memory holds, and at least 1000", async () => {
  expect(await rowCountWithinBudget(rows, ["a", "b"], 1_600_000)).toBe(100_000);
  expect(await rowCountWithinBudget(rows, ["a"], 1_600_000)).toBe(200_000);
  expect(await rowCountWithinBudget(rows, ["a", "b"], 1)).toBe(1000);
});

it("auto, which keeps more beside the rows, and any list with it take a quarter", () => {
  expect(fitBytesOf(["knn", "pca"])).toBe(128 * 1024 ** 2);
  expect(fitBytesOf(["auto"])).toBe(32 * 1024 ** 2);
  expect(fitBytesOf(["knn", "auto"], 400)).toBe(100);
});
