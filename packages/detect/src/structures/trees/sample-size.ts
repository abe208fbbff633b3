/** How many rows or columns each member of an ensemble learns from: a count, a share, or the method's own choice. */

import { NomalyError } from "../../errors.ts";

/** The parameter `maxSamples` of isolation methods; `autoCount` rows when it is "auto". */
export function maxSamplesParam(autoCount: number) {
  return {
    kind: "number-or-word",
    default: "auto",
    words: ["auto"],
    min: 0,
    max: 1_000_000_000,
    minExclusive: true,
    summary: `Rows each member learns from: a count of at least 2, a share up to 1, or "auto" for the smaller of ${autoCount} and all.`,
  } as const;
}

/**
 * Rows for each member: between 2 and `rowCount`.
 * @throws NomalyError PARAM when a number above 1 is not whole.
 */
export function sampleSize(owner: string, maxSamples: number | "auto", autoCount: number, rowCount: number): number {
  const wanted = maxSamples === "auto" ? autoCount : countOf(owner, "maxSamples", maxSamples, rowCount);
  return Math.min(Math.max(2, wanted), rowCount);
}

/** `wanted` itself when it is above 1, else that share of `total`, rounded down, at least 1. At most `total`. */
export function countOf(owner: string, field: string, wanted: number, total: number): number {
  if (wanted <= 1) return Math.max(1, Math.floor(wanted * total));
  if (Number.isInteger(wanted)) return Math.min(wanted, total);
  const expected = "a whole number, or a share up to 1";
  throw new NomalyError("PARAM", `${owner}: ${field} must be ${expected}, got ${wanted}`, {
    field,
    expected,
    received: String(wanted),
  });
}

/** ceil(log2(sampleSize)): rows deeper than this are clearly usual, so trees need not part them. */
export function depthLimit(sampleSize: number): number {
  return Math.ceil(Math.log2(Math.max(2, sampleSize)));
}
