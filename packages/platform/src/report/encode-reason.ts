/** Encodes a reason as JSON, for the service and for the command line. */

import type { Reason } from "@nomaly/detect";
import { dateText, usualBounds, usualText } from "./wording.ts";

/** What one column added to a score: its value, and the usual values in words and, for numbers and dates, as bounds. */
export interface EncodedReason {
  readonly column: string;
  readonly value: number | string | boolean | null;
  readonly contribution: number;
  readonly usual: string;
  readonly usual_low?: number | string;
  readonly usual_high?: number | string;
}

export function encodeReason({ column, kind, value, contribution, profile }: Reason): EncodedReason {
  const shown = (number: number) => (kind === "date" ? dateText(number) : number);
  const told = typeof value !== "number" ? value : kind === "boolean" ? value === 1 : shown(value);
  const reason = { column, value: told, contribution, usual: usualText(profile, kind) };
  if (profile.kind === "category" || kind === "boolean") return reason;
  const { low, high } = usualBounds(profile, kind);
  return { ...reason, usual_low: shown(low), usual_high: shown(high) };
}
