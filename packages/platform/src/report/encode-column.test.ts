import type { Reason } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { decodeReason, decodeValue, encodeColumn } from "./encode-column.ts";
import { encodeReason } from "./encode-reason.ts";
import { reasonsText } from "./words/reasons.ts";

const numbers = { kind: "number", min: 40, low: 75, median: 93, high: 150, max: 200, missingCount: 0 } as const;
const power: Reason = {
  column: "power",
  kind: "number",
  value: 230,
  contribution: 0.4,
  missingShare: 0.25,
  profile: numbers,
};
const fuel: Reason = {
  column: "fuel",
  kind: "text",
  value: "gas",
  contribution: 0.1,
  missingShare: 0,
  profile: { kind: "category", commonest: [{ value: "petrol", share: 0.9 }], distinctCount: 3, missingCount: 0 },
};
const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 2, 1)];
const bought: Reason = {
  ...power,
  column: "bought",
  kind: "date",
  value: Date.UTC(2026, 5, 1, 8, 30),
  profile: { ...numbers, min: from, low: from, median: from, high: to, max: to },
};
const turbo: Reason = {
  ...power,
  column: "turbo",
  kind: "boolean",
  value: 1,
  profile: { ...numbers, min: 0, low: 0, high: 0, max: 1 },
};

describe("a reason that went through JSON", () => {
  it.each([power, fuel, bought, turbo, { ...power, value: null }])("is the same: $column", (reason) => {
    const sent = JSON.parse(JSON.stringify([encodeReason(reason), encodeColumn(reason)])) as Parameters<typeof decodeReason>;
    expect(decodeReason(...sent)).toEqual(reason);
  });

  it("is told in the same words", () => {
    const [reason, column] = [encodeReason(power), encodeColumn(power)];
    const decoded = decodeReason(reason, column);
    expect(decoded === undefined ? "" : reasonsText([decoded])).toBe("power 230, usual 75 to 150 or missing (25 %)");
  });

  it("is undefined where the column tells nothing", () => {
    expect(decodeReason(encodeReason(power), { name: "power", kind: "number", missing_share: 0 })).toBeUndefined();
  });
});

it("reads dates in UTC unless they name a zone, and what is no number, text or truth value as missing", () => {
  expect(decodeValue("2026-06-01 08:30:00", "date")).toBe(Date.UTC(2026, 5, 1, 8, 30));
  expect(decodeValue("2026-06-01", "date")).toBe(Date.UTC(2026, 5, 1));
  expect(decodeValue("2026-06-01T08:30:00+02:00", "date")).toBe(Date.UTC(2026, 5, 1, 6, 30));
  expect([decodeValue(undefined, "number"), decodeValue([1], "number"), decodeValue(false, "boolean")]).toEqual([null, null, 0]);
});
