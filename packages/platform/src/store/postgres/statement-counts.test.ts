import { describe, expect, it } from "vitest";
import { NomalyError } from "@nomaly/detect";
import { databaseError, isConnectionLost, isLockConflict, isPassing } from "./database-error.ts";
import { countsOf } from "../../watch/metric-kinds.ts";
import { countStatement, statementMetrics } from "./statement-counts.ts";

describe("what is counted of statements", () => {
  it("begins with nothing, and is their number, time and those of more than a second", () => {
    const counts = countsOf(statementMetrics);
    expect(new Set(Object.values(counts))).toEqual(new Set([0]));
    for (const ms of [10, 1000, 1001, 5]) countStatement(counts, ms);
    expect(counts).toMatchObject({ count: 4, durationMsTotal: 2016, durationMsMax: 1001, slow: 1, failures: 0, retries: 0 });
  });
});

/** As the driver throws it. */
function thrown(code: string | undefined, message = "what it said"): Error {
  return Object.assign(new Error(message), {
    table: "detectors",
    constraint: "its_rule",
    ...(code === undefined ? {} : { code }),
  });
}

describe("an error of the database", () => {
  // SQLSTATE as PostgreSQL's manual lists it, appendix A.
  it.each([
    ["23505", "CONFLICT", "its_rule"],
    ["23503", "NOT_FOUND", "its_rule"],
    ["57014", "TIMEOUT", "database"],
    ["55P03", "TIMEOUT", "database"],
    ["22P05", "REQUEST", undefined],
    ["22003", "REQUEST", undefined],
    ["53300", "DATABASE", "database"],
    ["XX000", "DATABASE", "database"],
    [undefined, "DATABASE", "database"],
  ])("of SQLSTATE %s is ours of code %s", (sqlState, code, field) => {
    const cause = thrown(sqlState);
    expect(databaseError(cause)).toMatchObject({ code, cause });
    expect(databaseError(cause).field).toBe(field);
  });

  it("that is ours already stays as it is, and one without a text tells its code", () => {
    const ours = new NomalyError("CONFLICT", "there is one");
    expect(databaseError(ours)).toBe(ours);
    expect(databaseError(thrown("ECONNREFUSED", "")).message).toBe("the database failed: ECONNREFUSED");
    expect(databaseError(thrown("XX000")).message).toBe("the database failed: what it said");
  });

  it.each([
    ["08006", true, true],
    ["57P01", true, true],
    ["57P03", true, true],
    ["57P04", false, true],
    ["40001", true, false],
    ["40P01", true, false],
    ["53300", true, false],
    ["ECONNRESET", true, true],
    ["ENOTFOUND", true, true],
    ["23505", false, false],
    ["42601", false, false],
    ["40002", false, false],
    [undefined, true, true],
  ])("of code %s may pass by itself: %j; its connection is of no further use: %j", (code, passes, isLost) => {
    const cause = thrown(code);
    expect(isPassing(databaseError(cause))).toBe(passes);
    expect(isConnectionLost(cause)).toBe(isLost);
  });

  it("of a pool that is full may pass, and what is ours otherwise does not", () => {
    expect(isPassing(new NomalyError("POOL_TIMEOUT", "all are in use"))).toBe(true);
    expect(isPassing(new NomalyError("CONFLICT", "there is one"))).toBe(false);
  });

  it.each([
    ["55P03", true],
    ["40P01", true],
    ["40001", false],
    [undefined, false],
  ])("of code %s is one of locks: %j", (code, expected) => {
    expect(isLockConflict(databaseError(thrown(code)))).toBe(expected);
  });
});
