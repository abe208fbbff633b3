import { expect, it } from "vitest";
import { createTally } from "./engine/tally.ts";
import { requestSummary } from "./summaries.ts";

function summaryOf(latencies: readonly number[], failures: readonly number[] = []) {
  const tally = createTally();
  const note = (status: number, elapsedMs: number) =>
    tally.note({ kind: "answer", answer: { status, retryAfterSeconds: undefined, isReusable: true, body: "" } }, elapsedMs);
  for (const latency of latencies) note(200, latency);
  for (const status of failures) note(status, 1);
  tally.note({ kind: "error", error: "refused" }, 1);
  return requestSummary(tally, { elapsedMs: 2000 });
}

it("the figures have the names of the report; times are those of successful requests, in milliseconds", () => {
  expect(summaryOf([10, 20, 30, 60], [429, 429, 500])).toEqual({
    total_requests: 8,
    successful_requests: 4,
    success_rate: 50,
    avg_response_time: 30,
    min_response_time: 10,
    median_response_time: expect.closeTo(20, 0) as number,
    p90_response_time: null,
    p95_response_time: null,
    p99_response_time: null,
    max_response_time: 60,
    requests_per_second: 4,
    successful_per_second: 2,
    by_status: { "200": 4, "429": 2, "500": 1 },
    by_error: { refused: 1 },
  });
});

it("p95 is null at 20 samples and a number at 21", () => {
  const upTo = (count: number) => summaryOf(Array.from({ length: count }, (_, index) => index + 1)).p95_response_time;
  expect([upTo(20), upTo(21)]).toEqual([null, expect.closeTo(20, 0)]);
});

it("without a success every time is null, and no figure is NaN", () => {
  const summary = summaryOf([]);
  expect([summary.avg_response_time, summary.median_response_time, summary.max_response_time]).toEqual([null, null, null]);
  expect(summary.success_rate).toBe(0);
  expect(requestSummary(createTally(), { elapsedMs: 0 })).toMatchObject({ success_rate: null, requests_per_second: 0 });
});

it("one failure in a million is no rate of 100 %", () => {
  const tally = createTally();
  for (let index = 0; index < 999_999; index++) {
    tally.note({ kind: "answer", answer: { status: 200, retryAfterSeconds: undefined, isReusable: true, body: "" } }, 1);
  }
  tally.noteErrors("timeout", 1);
  expect(requestSummary(tally, { elapsedMs: 1000 }).success_rate).toBe(99.999);
});
