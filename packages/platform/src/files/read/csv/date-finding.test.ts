import { expect, it } from "vitest";
import { type DateCounts, dateFinding, isDateLike } from "./date-finding.ts";

const counts = (valid: Partial<DateCounts["valid"]>, others: Partial<DateCounts> = {}): DateCounts => {
  return { total: 100, dateLike: 100, shortYears: 0, surelyDates: 0, valid: { dmy: 0, mdy: 0, ymd: 0, ...valid }, ...others };
};

it("takes the one order in which all texts are dates, whatever the option says", () => {
  expect(dateFinding(counts({ dmy: 100, mdy: 99 }), undefined)).toEqual({ kind: "dates", order: "dmy" });
  expect(dateFinding(counts({ dmy: 99, mdy: 100 }), "dmy")).toEqual({ kind: "dates", order: "mdy" });
});

it("asks for the order where two fit, and takes the given one", () => {
  expect(dateFinding(counts({ dmy: 100, mdy: 100 }), undefined)).toEqual({ kind: "two orders", orders: ["dmy", "mdy"] });
  expect(dateFinding(counts({ dmy: 100, mdy: 100 }), "mdy")).toEqual({ kind: "dates", order: "mdy" });
  expect(dateFinding(counts({ dmy: 100, mdy: 100 }), "ymd")).toMatchObject({ kind: "two orders" });
});

it("asks for the order where years have two digits, and leaves versions alone", () => {
  expect(dateFinding(counts({ mdy: 100 }, { shortYears: 100, surelyDates: 100 }), undefined)).toEqual({ kind: "short years" });
  expect(dateFinding(counts({ mdy: 100 }, { shortYears: 100, surelyDates: 99 }), undefined)).toEqual({ kind: "no dates" });
  expect(dateFinding(counts({ mdy: 100 }, { shortYears: 100 }), "mdy")).toEqual({ kind: "dates", order: "mdy" });
});

it("names mistakes from nine tenths of dates on", () => {
  expect(dateFinding(counts({ dmy: 90, mdy: 20 }, { dateLike: 90 }), undefined)).toEqual({ kind: "mistakes", order: "dmy" });
  expect(dateFinding(counts({ dmy: 89, mdy: 20 }, { dateLike: 89 }), undefined)).toEqual({ kind: "no dates" });
  expect(dateFinding(counts({ dmy: 20 }), undefined)).toEqual({ kind: "no dates" });
});

it("knows dates by their three numbers", () => {
  expect(["15.03.2024", "3/15/2024 2:05 PM", "2024/3/5"].every(isDateLike)).toBe(true);
  expect(["1.5", "a/b/c", "1,2,3", "12:30"].some(isDateLike)).toBe(false);
});
