import { describe, expect, it } from "vitest";
import { nextRun, requireTiming } from "./next-run.ts";

const timing = (given: { readonly cron?: string; readonly every?: number; readonly zone?: string }) => ({
  cron: given.cron ?? null,
  everySeconds: given.every ?? null,
  timeZone: given.zone ?? "UTC",
});
const at = (text: string) => new Date(text);

describe("the next run of an interval", () => {
  const hourly = timing({ every: 3600 });
  it.each([
    ["on time", "10:00:00.000", "10:00:00.000", "11:00:00.000"],
    ["a little late", "10:00:00.000", "10:00:02.500", "11:00:00.000"],
    ["after a stop of hours: once", "10:00:00.000", "15:30:00.000", "16:00:00.000"],
    ["just when another is due", "10:00:00.000", "12:00:00.000", "13:00:00.000"],
    ["after the clock went back", "10:00:00.000", "08:15:00.000", "09:15:00.000"],
  ])("comes after now, %s", (_what, due, now, expected) => {
    const day = (time: string) => at(`2026-03-01T${time}Z`);
    expect(nextRun(hourly, day(now), day(due))).toEqual(day(expected));
  });
});

describe("the next run of a cron expression", () => {
  it.each([
    ["0 3 * * *", "UTC", "2026-03-01T03:00:00Z", "2026-03-02T03:00:00.000Z"],
    ["*/15 * * * *", "UTC", "2026-03-01T03:07:00Z", "2026-03-01T03:15:00.000Z"],
    ["0 9 * * 1-5", "UTC", "2026-02-27T09:00:00Z", "2026-03-02T09:00:00.000Z"],
    // In Berlin, summer begins on 29 March 2026 and winter on 25 October 2026.
    ["0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"],
    ["0 3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T02:00:00.000Z"],
    ["0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ])("%s in %s after %s", (cron, zone, now, expected) => {
    expect(nextRun(timing({ cron, zone }), at(now)).toISOString()).toBe(expected);
  });
});

describe("times that cannot be", () => {
  const now = at("2026-03-01T00:00:00Z");
  it.each([
    [{}, "cron"],
    [{ cron: "0 3 * * *", every: 60 }, "cron"],
    [{ cron: "0 3 * *" }, "cron"],
    [{ cron: "0 0 3 * * *" }, "cron"],
    [{ cron: "@daily" }, "cron"],
    [{ cron: "H 3 * * *" }, "cron"],
    [{ cron: "61 3 * * *" }, "cron"],
    [{ cron: "0 3 30 2 *" }, "cron"],
    [{ cron: "0 3 * * *", zone: "Mars/Olympus" }, "time_zone"],
    [{ every: 59 }, "every_seconds"],
  ] as const)("are refused: %j", (given, field) => {
    expect(() => requireTiming(timing(given), 60, now)).toThrow(expect.objectContaining({ code: "REQUEST", field }));
  });

  it.each([
    [{ every: 60 }, 60],
    [{ cron: "* * * * *" }, 60],
    [{ cron: "0,5 * * * *" }, 300],
    [{ cron: "0 3 * * *", zone: "Europe/Berlin" }, 82_800],
  ])("are none at the shortest interval: %j", (given, secondsMin) => {
    expect(() => requireTiming(timing(given), secondsMin, now)).not.toThrow();
    expect(() => requireTiming(timing(given), secondsMin * 60, now)).toThrow(expect.objectContaining({ code: "REQUEST" }));
  });
});
