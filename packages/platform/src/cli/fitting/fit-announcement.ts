/** Tells before a fit that will take long how long, and what a fit on fewer rows would take. */

import type { LongFitAnnouncement } from "../../table-work/fit-table.ts";
import type { FitEstimate } from "../../table-work/fit-estimate.ts";
import { type CliContext, note } from "../frame/context.ts";

const secondsMin = 10;

export function fitAnnouncement(detector: string, context: CliContext): LongFitAnnouncement {
  return {
    secondsMin,
    now: context.now,
    tell(estimate) {
      // Clears a progress bar.
      if (context.stderrIsTerminal) context.stderr.write("\r\u001b[K");
      note(context, announcementText(detector, estimate));
    },
  };
}

/** `abod on 20,000 rows: about 3 minutes on this machine; --fit-rows 5000 would take about 12 seconds`. */
export function announcementText(detector: string, { rowCount, seconds, smaller }: FitEstimate): string {
  const rows = rowCount.toLocaleString("en-US");
  const instead =
    smaller === undefined ? "" : `; --fit-rows ${smaller.rowCount} would take about ${durationText(smaller.seconds)}`;
  return `${detector} on ${rows} rows: about ${durationText(seconds)} on this machine${instead}`;
}

/** One or two digits: an estimate has no more. */
function durationText(seconds: number): string {
  if (seconds < 90) return counted(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 90 * 60) return counted(Math.round(seconds / 60), "minute");
  return counted(Math.round(seconds / 3600), "hour");
}

function counted(count: number, unit: string): string {
  return `${count.toLocaleString("en-US")} ${unit}${count === 1 ? "" : "s"}`;
}
