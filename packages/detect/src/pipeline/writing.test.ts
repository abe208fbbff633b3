import { describe, expect, it } from "vitest";
import { dateOfIso, dateOfWriting, type NumberWriting, numberOfWriting } from "./writing.ts";

const writing = (decimal: "." | ",", thousands: NumberWriting["thousands"], unit = ""): NumberWriting => ({
  kind: "number",
  decimal,
  thousands,
  unit,
});

describe("numbers", () => {
  it.each<readonly [string, NumberWriting, number | undefined]>([
    ["1.234,50", writing(",", "."), 1234.5],
    ["1234,5", writing(",", "."), 1234.5],
    ["1.23", writing(",", "."), undefined],
    ["1.234.56", writing(",", "."), undefined],
    ["1\u00a0234,5", writing(",", " "), 1234.5],
    ["1\u2019234.5", writing(".", "'"), 1234.5],
    ["1,5", writing(".", null), undefined],
    ["-$1,000.50", writing(".", ",", "$"), -1000.5],
    ["$-3", writing(".", ",", "$"), -3],
    ["($3.00)", writing(".", ",", "$"), -3],
    ["5 \u20ac", writing(",", null, "\u20ac"), 5],
    ["\u20ac 5", writing(",", null, "\u20ac"), 5],
    ["5 \u00a3", writing(",", null, "\u20ac"), undefined],
    ["33%", writing(".", null, "%"), 33],
    ["33", writing(".", null, "%"), 33],
    ["\u22121.5E-3", writing(".", null), -0.0015],
    ["5-", writing(".", null), -5],
    ["--5", writing(".", null), undefined],
    ["", writing(".", null), undefined],
    [".", writing(".", null), undefined],
  ])("%j in %j is %j", (text, way, value) => expect(numberOfWriting(text, way)).toBe(value));
});

describe("dates", () => {
  it.each([
    ["15.03.2024", "dmy", "2024-03-15T00:00:00.000Z"],
    ["3/15/2024 2:05:33 PM", "mdy", "2024-03-15T14:05:33.000Z"],
    ["3/15/2024 12:05 am", "mdy", "2024-03-15T00:05:00.000Z"],
    ["15.3.24 14:05:06.25", "dmy", "2024-03-15T14:05:06.250Z"],
    ["1/2/68", "mdy", "2068-01-02T00:00:00.000Z"],
    ["1/2/69", "mdy", "1969-01-02T00:00:00.000Z"],
    ["2024/3/15", "ymd", "2024-03-15T00:00:00.000Z"],
    ["2024-03-15", "dmy", "2024-03-15T00:00:00.000Z"],
  ] as const)("%j with %s is %s", (text, order, value) =>
    expect(new Date(dateOfWriting(text, { kind: "date", order }) ?? Number.NaN).toISOString()).toBe(value),
  );

  it.each([
    ["15.03.2024", "mdy"],
    ["30/2/2024", "dmy"],
    ["1/2.2024", "dmy"],
    ["1/2/2024 13:00 PM", "dmy"],
    ["1/2/2024 24:00", "dmy"],
    ["1/2/124", "dmy"],
    ["2024/1/2", "dmy"],
    ["banana 4", "dmy"],
  ] as const)("%j is none with %s", (text, order) => expect(dateOfWriting(text, { kind: "date", order })).toBeUndefined());

  it.each([
    ["2026-12-04", "2026-12-04T00:00:00.000Z"],
    ["2026-12-04T10:30", "2026-12-04T10:30:00.000Z"],
    ["2026-12-04 10:30:01.5Z", "2026-12-04T10:30:01.500Z"],
    ["2026-12-04T10:30:00+02:00", "2026-12-04T08:30:00.000Z"],
    ["2026-12-04T10:30:00-0230", "2026-12-04T13:00:00.000Z"],
  ])("%j is %s in ISO form, in any time zone of this machine", (text, value) =>
    expect(new Date(dateOfIso(text) ?? Number.NaN).toISOString()).toBe(value),
  );

  it.each(["banana 4", "04.12.2026", "2026-02-30", "2026-13-01", "2026-12-04T25:00", "2026-12-04+02", "12/4/2026", "2026"])(
    "%j is none in ISO form",
    (text) => expect(dateOfIso(text)).toBeUndefined(),
  );
});
