/** Encodes what a model learned of a column as JSON, and makes the reasons of the report again from it. */

import type { ColumnKind, ColumnProfile, Reason } from "@nomaly/detect";
import type { EncodedReason } from "./encode-reason.ts";

/** What is usual in a column that a model uses, from the training rows. */
export interface EncodedColumn {
  readonly name: string;
  readonly kind: string;
  /** Share of the training rows that have no value, 0 to 1. */
  readonly missing_share: number;
  /** Of numbers, of dates in milliseconds since 1970, and of booleans as 0 and 1. */
  readonly numbers?:
    | {
        readonly min: number;
        readonly low: number;
        readonly median: number;
        readonly high: number;
        readonly max: number;
      }
    | undefined;
  /** Of categories. */
  readonly categories?:
    | {
        readonly commonest: readonly { readonly value: string; readonly share: number }[];
        readonly distinct_count: number;
      }
    | undefined;
}

export function encodeColumn({ column, kind, missingShare, profile }: Reason): EncodedColumn {
  const encoded = { name: column, kind, missing_share: missingShare };
  if (profile.kind === "category") {
    return { ...encoded, categories: { commonest: profile.commonest, distinct_count: profile.distinctCount } };
  }
  const { min, low, median, high, max } = profile;
  return { ...encoded, numbers: { min, low, median, high, max } };
}

/** Kind and profile as the library gives them. Undefined of a column that has neither numbers nor categories. */
export function decodeColumn(column: EncodedColumn): { readonly kind: ColumnKind; readonly profile: ColumnProfile } | undefined {
  const { numbers, categories } = column;
  const kind = column.kind as ColumnKind;
  // How many rows have no value is told as a share.
  if (numbers !== undefined) return { kind, profile: { kind: "number", ...numbers, missingCount: 0 } };
  if (categories === undefined) return undefined;
  const { commonest, distinct_count: distinctCount } = categories;
  return { kind, profile: { kind: "category", commonest, distinctCount, missingCount: 0 } };
}

/** The reason as the library gives it. Undefined where `column` does not tell what is usual. */
export function decodeReason(reason: EncodedReason, column: EncodedColumn): Reason | undefined {
  const decoded = decodeColumn(column);
  if (decoded === undefined) return undefined;
  const { contribution, missing_share: missingShare } = reason;
  const value = decodeValue(reason.value, decoded.kind);
  return { ...decoded, column: reason.column, value, contribution, missingShare };
}

/** A value as it is written in JSON, as the library has it: dates in milliseconds since 1970, booleans as 0 and 1. */
export function decodeValue(value: unknown, kind: ColumnKind): number | string | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (kind === "date" && typeof value === "string") return millisecondsOf(value);
  return typeof value === "number" || typeof value === "string" ? value : null;
}

/** Dates without a zone are meant in UTC. */
function millisecondsOf(text: string): number {
  const iso = text.trim().replace(" ", "T");
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(iso);
  return Date.parse(hasZone || !iso.includes("T") ? iso : `${iso}Z`);
}
