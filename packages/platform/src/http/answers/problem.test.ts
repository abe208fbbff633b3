import { type ErrorCode, errorCodes, NomalyError } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { overloaded, workerFailed } from "../../compute/fault-details.ts";
import { problemOf } from "./problem.ts";

/** The seconds in a detail. */
const toldSeconds = (detail: string): number | undefined => {
  const [, seconds] = /try again in (\d+) s$/.exec(detail) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
};

describe("when to try again", () => {
  it.each(Object.keys(errorCodes) as ErrorCode[])("is the same in header and text, or in neither: %s", (code) => {
    const { problem, retryAfterSeconds } = problemOf(new NomalyError(code, "no"), "id");
    expect(toldSeconds(problem.detail)).toBe(retryAfterSeconds);
    expect(problem.detail.startsWith("no")).toBe(true);
  });

  it.each([503, 429])("is told with every %d", (status) => {
    const codes = Object.keys(errorCodes) as ErrorCode[];
    const told = codes.map((code) => problemOf(new NomalyError(code, "no"), "id")).filter((reply) => reply.status === status);
    expect(told.length).toBeGreaterThan(0);
    for (const { retryAfterSeconds } of told) expect(retryAfterSeconds).toBeGreaterThan(0);
  });

  it("is what the workers' queue expects, where it is full", () => {
    const { problem, status, retryAfterSeconds } = problemOf(overloaded("compute has as much work as it takes", 37), "id");
    expect([status, retryAfterSeconds]).toEqual([503, 37]);
    expect(problem.detail).toBe("compute has as much work as it takes; try again in 37 s");
  });

  it("is told once for a worker that died", () => {
    const { problem, retryAfterSeconds } = problemOf(workerFailed("the worker died"), "id");
    expect(problem.detail).toBe(`the worker died; try again in ${retryAfterSeconds} s`);
  });
});
