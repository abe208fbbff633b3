import type { Column } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { createLabelReader, labelsOf } from "./labels.ts";

function texts(...values: (string | null)[]): Column {
  return { kind: "text", name: "state", values };
}

function numbers(kind: "number" | "boolean", ...values: number[]): Column {
  return { kind, name: "state", values: Float64Array.from(values) };
}

function read(column: Column, anomalyValue?: string): number[] {
  const reader = createLabelReader({ name: "state", anomalyValue });
  reader.add({ firstRow: 0, rowCount: column.values.length, columns: [column] });
  return [...reader.labels()];
}

describe("labels", () => {
  it("are words, numbers and flags that mean anomalous or normal", () => {
    expect(read(texts("Anomaly", "normal", "yes", " NO "))).toEqual([1, 0, 1, 0]);
    expect(read(numbers("number", 0, 1))).toEqual([0, 1]);
    expect(read(numbers("boolean", 1, 0))).toEqual([1, 0]);
  });

  it.each<[string, Column, string, number[]]>([
    ["texts", texts("malignant", "benign", "benign"), "malignant", [1, 0, 0]],
    ["texts with blanks around them", texts(" M", "B ", "M"), "M", [1, 0, 1]],
    ["words that mean the opposite elsewhere", texts("normal", "anomaly"), "normal", [1, 0]],
    ["numbers", numbers("number", 2, 1, 1), "2", [1, 0, 0]],
    ["numbers written otherwise", numbers("number", 0.5, -1), "5e-1", [1, 0]],
    ["zero and one the other way round", numbers("number", 0, 1), "0", [1, 0]],
    ["flags", numbers("boolean", 0, 1), "False", [1, 0]],
    ["flags as numbers", numbers("boolean", 0, 1), "1", [0, 1]],
  ])("are any two values where one is named: %s", (_, column, anomalyValue, labels) => {
    expect(read(column, anomalyValue)).toEqual(labels);
  });

  it.each<[string, Column, string | undefined, RegExp]>([
    ["two values, none named", texts("B", "M"), undefined, /holds the two values "B" and "M": tell which is anomalous/],
    ["1 and 2, none named", numbers("number", 1, 2), undefined, /holds the two values "1" and "2"/],
    [
      "a value that does not occur",
      texts("benign", "malignant"),
      "malignent",
      /no value "malignent".*did you mean "malignant"\?/,
    ],
    ["a value far from both", texts("benign", "malignant"), "7", /no value "7".*it holds "benign" and "malignant"/],
    ["more than two values", texts("a", "b", "a", "c"), "a", /must hold two values.*"a", "b", "c", the last in row 3$/],
    ["more than two values, none named", texts("yes", "b", "c"), undefined, /must hold labels.*; row 1 holds "b"$/],
    ["a missing text", texts("a", null), "a", /; row 1 holds nothing$/],
    ["an empty text", texts("a", " "), "a", /; row 1 holds nothing$/],
    ["a missing number", numbers("number", 1, Number.NaN), undefined, /; row 1 holds nothing$/],
    ["one value", texts("a", "a"), "a", /holds only "a": labels must tell anomalous rows from normal ones$/],
    ["one known value", numbers("number", 0, 0), undefined, /holds only "0"/],
    ["one unknown value", texts("a"), undefined, /holds only "a"/],
    ["yes and true", texts("yes", "true"), undefined, /holds only "yes" and "true"/],
  ])("are refused: %s", (_, column, anomalyValue, says) => {
    expect(() => read(column, anomalyValue)).toThrow(says);
    expect(() => read(column, anomalyValue)).toThrow(expect.objectContaining({ code: "LABEL", field: "state" }));
  });

  it("are read from one column, by the same rules", () => {
    expect([...labelsOf(texts("yes", "no"), undefined)]).toEqual([1, 0]);
    expect([...labelsOf(texts("yes", "no"), "no")]).toEqual([0, 1]);
    expect(() => labelsOf(texts("yes", "maybe"), undefined)).toThrow(/with anomaly_value "yes" or "maybe"$/);
    const three = texts("yes", "maybe", "no");
    expect(() => labelsOf(three, undefined)).toThrow(/must hold labels.*, or any two values; row 1 holds "maybe"$/);
  });

  it("are read once where batches come twice, and counted from the batch in errors", () => {
    const reader = createLabelReader({ name: "state", anomalyValue: "b" });
    const batches = [
      { firstRow: 0, rowCount: 2, columns: [texts("a", "b")] },
      { firstRow: 2, rowCount: 1, columns: [texts("a")] },
    ];
    for (const batch of [...batches, ...batches]) reader.add(batch);
    expect([...reader.labels()]).toEqual([0, 1, 0]);
    expect(reader.values()).toEqual({ anomalous: "b", normal: "a" });
    expect(() => reader.add({ firstRow: 3, rowCount: 2, columns: [texts("a", "c")] })).toThrow(/row 1$/);
  });
});
