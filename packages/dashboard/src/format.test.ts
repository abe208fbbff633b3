import { expect, it } from "vitest";
import { ageText, bytesText, countText, dateText, msText, percentText, rateText } from "./format.ts";

it("writes each kind of number with its unit and decimals", () => {
  expect([msText(12.345), msText(0), msText(null)]).toEqual(["12.35 ms", "0.00 ms", "none"]);
  expect(rateText(8.46)).toBe("8.5 req/s");
  expect([percentText(71.26, 1), percentText(0.126, 2)]).toEqual(["71.3 %", "0.13 %"]);
  expect([0, 1023, 1024, 1536, 150 * 1024 ** 2].map(bytesText)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1.0 KiB",
    "1.5 KiB",
    "150 MiB",
  ]);
  expect(countText(1_234_567)).toBe("1,234,567");
  expect([5, 89, 90, 5399, 5400].map(ageText)).toEqual(["5 s", "89 s", "2 min", "90 min", "2 h"]);
});

it("writes moments in the time zone of the reader", () => {
  expect(dateText(new Date(2026, 10, 5, 8, 3, 59).toISOString())).toBe("2026-11-05 08:03");
});
