/** A reason for programs: the one place that says how it looks in JSON, of the service and of the command. */

import type { ColumnKind, ColumnProfile, Reason } from "@nomaly/detect";
import { dateText, usualBounds, usualText } from "./wording.ts";

/** What is usual in a column: in words, and as bounds for numbers and dates. */
interface Usual {
  readonly usual: string;
  readonly usual_low?: number | string;
  readonly usual_high?: number | string;
}

/** What one column added to a score: its value, and what is usual there. */
export interface EncodedReason extends Usual {
  readonly column: string;
  readonly value: number | string | boolean | null;
  readonly contribution: number;
}

export function encodeReason({ column, kind, value, contribution, profile }: Reason): EncodedReason {
  const told = typeof value !== "number" ? value : kind === "boolean" ? value === 1 : numberOrDate(value, kind);
  return { column, value: told, contribution, ...usualOf(profile, kind) };
}

function usualOf(profile: ColumnProfile, kind: ColumnKind): Usual {
  const usual = usualText(profile, kind);
  if (profile.kind === "category" || kind === "boolean") return { usual };
  const { low, high } = usualBounds(profile, kind);
  return { usual, usual_low: numberOrDate(low, kind), usual_high: numberOrDate(high, kind) };
}

function numberOrDate(value: number, kind: ColumnKind): number | string {
  return kind === "date" ? dateText(value) : value;
}
