import { expect, it } from "vitest";
import { checkExpectation, parseExpectation } from "./expectations.ts";
import { requestFields, trainingFields } from "./summaries.ts";

const summary = { p95_response_time: 200, success_rate: 99.5, p99_response_time: null };
const isMet = (text: string) => checkExpectation(parseExpectation(text, requestFields, "--expect"), summary).is_met;

it("each sign compares as it says, also at the limit", () => {
  expect(["p95<200", "p95<=200", "p95>200", "p95>=200"].map(isMet)).toEqual([false, true, false, true]);
  expect(["p95<200.001", "p95>199.9", "p95_response_time <= 199"].map(isMet)).toEqual([true, true, false]);
});

it("a value that is not there keeps no limit", () => {
  expect(["p99<1000000", "p99>=0"].map(isMet)).toEqual([false, false]);
});

it("a short name stands for the field of its test", () => {
  expect(parseExpectation("p95<1", requestFields, "--expect").field).toBe("p95_response_time");
  expect(parseExpectation("p95<1", trainingFields, "--expect").field).toBe("p95_total_time");
});

it.each(["p95", "p95<", "p95=3", "p95<three", "p95<200ms", "toString<1"])("%s is refused", (text) => {
  expect(() => parseExpectation(text, requestFields, "--expect")).toThrow(
    expect.objectContaining({ code: "USAGE", field: "--expect" }),
  );
});
