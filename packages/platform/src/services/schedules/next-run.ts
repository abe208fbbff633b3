/** Decides when a schedule runs next. */

import { CronExpressionParser } from "cron-parser";
import { NomalyError } from "@nomaly/detect";
import type { Timing } from "../../store/tables/schedules.ts";

/** How many runs are looked at for the shortest interval of a cron expression. */
const lookedAt = 60;

/**
 * The first time after `now`: after a stop of hours there is one run, not one for each that was missed.
 * @param due the time of the run before, from which intervals count on.
 */
export function nextRun({ cron, everySeconds, timeZone }: Timing, now: Date, due: Date = now): Date {
  if (cron !== null) return occurrences(cron, timeZone, now).next();
  const everyMs = (everySeconds ?? 0) * 1000;
  const missed = Math.max(0, Math.floor((now.getTime() - due.getTime()) / everyMs));
  // Where the clock has gone back, the run before lies in the time to come.
  const from = Math.min(due.getTime(), now.getTime());
  return new Date(from + (missed + 1) * everyMs);
}

/** @throws NomalyError REQUEST naming the field. */
export function requireTiming(timing: Timing, secondsMin: number, now: Date): void {
  const { cron, everySeconds, timeZone } = timing;
  requireTimeZone(timeZone);
  if ((cron === null) === (everySeconds === null)) {
    throw new NomalyError("REQUEST", "a schedule needs either cron or every_seconds", { field: "cron" });
  }
  if (cron === null) return requireSeconds(everySeconds ?? 0, secondsMin, "every_seconds");
  const times = occurrences(cron, timeZone, now);
  let before = times.next();
  for (let count = 1; count < lookedAt; count++) {
    const next = times.next();
    requireSeconds((next.getTime() - before.getTime()) / 1000, secondsMin, "cron");
    before = next;
  }
}

function requireSeconds(seconds: number, secondsMin: number, field: string): void {
  if (seconds >= secondsMin) return;
  const message = `${field} lets ${seconds} s pass between two runs, at least ${secondsMin} s are allowed (schedule_seconds_min)`;
  throw new NomalyError("REQUEST", message, { field, expected: `at least ${secondsMin} s`, received: String(seconds) });
}

function requireTimeZone(timeZone: string): void {
  try {
    Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    const message = `there is no time zone "${timeZone}": give one such as Europe/Berlin or UTC`;
    throw new NomalyError("REQUEST", message, { field: "time_zone", received: timeZone, cause });
  }
}

/** @throws NomalyError REQUEST when it is no cron expression of five fields, or never comes. */
function occurrences(cron: string, timeZone: string, after: Date): { next(): Date } {
  const refusal = (why: string) => {
    const message = `cron "${cron}" ${why}: give minute, hour, day of the month, month and day of the week, such as 0 3 * * 1`;
    return new NomalyError("REQUEST", message, { field: "cron", received: cron });
  };
  // The library also takes seconds, and an H for a time by chance.
  if (cron.trim().split(/\s+/).length !== 5) throw refusal("does not have five fields");
  if (/(^|[\s,])H/i.test(cron)) throw refusal("has a field that cannot be read");
  const guarded = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (error) {
      throw refusal(`cannot be used (${(error as Error).message})`);
    }
  };
  const times = guarded(() => CronExpressionParser.parse(cron, { currentDate: after, tz: timeZone }));
  return { next: () => guarded(() => times.next().toDate()) };
}
