/** Encodes a reason as JSON, for the service and for the command line. */

import type { Reason } from "@nomaly/detect";
import { dateText, usualBounds, usualText } from "./wording.ts";

/** What one column added to a score: its value, and the usual values in words and, for numbers and dates, as bounds. */
export interface EncodedReason {
  readonly column: string;
  readonly value: number | string | boolean | null;
  readonly contribution: number;
  /** Share of the training rows that have no value in this column, 0 to 1. */
  readonly missing_share: number;
  readonly usual: string;
  readonly usual_low?: number | string | undefined;
  readonly usual_high?: number | string | undefined;
}

export function encodeReason({ column, kind, value, contribution, missingShare, profile }: Reason): EncodedReason {
  const shown = (number: number) => (kind === "date" ? dateText(number) : number);
  const told = typeof value !== "number" ? value : kind === "boolean" ? value === 1 : shown(value);
  const usual = usualText(profile, kind, missingShare);
  const reason = { column, value: told, contribution, missing_share: missingShare, usual };
  if (profile.kind === "category" || kind === "boolean") return reason;
  const { low, high } = usualBounds(profile, kind);
  return { ...reason, usual_low: shown(low), usual_high: shown(high) };
}
