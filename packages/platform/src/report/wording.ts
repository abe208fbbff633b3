/** Formats numbers, values and what is usual for people. */

import type { CategoryProfile, ColumnKind, ColumnProfile, NumberProfile } from "@nomaly/detect";

/** Digits that are shown of scores and ranks beyond the usual ones. */
const extraDigitCountMax = 4;
/** Where at least this share of the training rows has no value, a missing one is usual. */
export const usualMissingShareMin = 0.2;
const dayMs = 86_400_000;

/** About four digits, and all digits before the decimal point: 0.5123, 12.3, 12,345, 1,700,000,000, 1.2345e+15. */
export function numberText(value: number): string {
  return longerText(value, 0);
}

function longerText(value: number, extraDigits: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e15)) {
    return value.toExponential((size < 1 ? 2 : 4) + extraDigits).replace(/\.?0+e/, "e");
  }
  if (Number.isInteger(value)) return groupDigits(value);
  if (size >= 1000) return groupDigits(Number(value.toFixed(extraDigits)), extraDigits);
  const digits = size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
  return value.toFixed(digits + extraDigits).replace(/\.?0+$/, "");
}

/** Groups digits from 10,000 on, so that a year has no comma. */
function groupDigits(value: number, maximumFractionDigits = 0): string {
  return Math.abs(value) < 10_000 ? String(value) : value.toLocaleString("en-US", { maximumFractionDigits });
}

/** As {@link numberText}, with as many more digits as the scores need to differ where they do, and to stay below 1 where they are. */
export function scoreTexts(scores: readonly number[]): string[] {
  return tellingTexts(scores, (score, extraDigits) => longerText(score, extraDigits));
}

/** As {@link rankText}, with as many more decimals as the ranks need to differ where they do. */
export function rankTexts(ranks: readonly number[]): string[] {
  return tellingTexts(ranks, (rank, extraDigits) => (extraDigits === 0 ? rankText(rank) : longRankText(rank, 1 + extraDigits)));
}

function tellingTexts(values: readonly number[], textOf: (value: number, extraDigits: number) => string): string[] {
  const distinctCount = new Set(values).size;
  for (let extraDigits = 0; ; extraDigits++) {
    const texts = values.map((value) => textOf(value, extraDigits));
    const isTelling = new Set(texts).size >= distinctCount && !texts.some((text, index) => text === "1" && values[index] < 1);
    if (isTelling || extraDigits === extraDigitCountMax) return texts;
  }
}

/** Cut, not rounded: only a rank of 1 is shown as 100 %. */
function longRankText(rank: number, decimals: number): string {
  const unit = 10 ** decimals;
  // The product of a rank of 0.57 and 100 is a little less than 57.
  return `${(Math.floor(rank * 100 * unit + 1e-6) / unit).toFixed(decimals)} %`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

export function percentText(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "under 0.1 %";
  return `${percent >= 99.95 && share < 1 ? "99.9" : percent.toFixed(percent < 10 || percent > 99 ? 1 : 0).replace(/\.0$/, "")} %`;
}

/** A rank in per cent, from 90 % on with one decimal, to tell anomalies apart. */
export function rankText(rank: number): string {
  if (rank < 0.9) return percentText(rank);
  return `${(rank < 1 ? Math.min(99.9, rank * 100) : 100).toFixed(1)} %`;
}

export function dateText(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return "no date";
  const text = date.toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
}

export function valueText(value: number | string | null, kind: ColumnKind): string {
  if (value === null) return "missing";
  if (typeof value === "string") return value;
  if (kind === "date") return dateText(value);
  if (kind === "boolean") return value === 1 ? "true" : "false";
  return numberText(value);
}

/** A share of missing values, with one decimal: 91.6 %. */
export function missingShareText(share: number): string {
  if (share > 0 && share < 0.0005) return "under 0.1 %";
  return `${(share < 1 ? Math.min(99.9, share * 100) : 100).toFixed(1).replace(/\.0$/, "")} %`;
}

/** `75 to 150`, `petrol (61 %) or diesel (39 %)`, `missing (91.6 %) or 75 to 150`. @param missingShare see {@link Reason}. */
export function usualText(profile: ColumnProfile, kind: ColumnKind, missingShare = 0): string {
  const values = usualValuesText(profile, kind);
  if (missingShare < usualMissingShareMin || values === "missing") return values;
  const missing = `missing (${missingShareText(missingShare)})`;
  return missingShare > 0.5 ? `${missing} or ${values}` : `${values} or ${missing}`;
}

function usualValuesText(profile: ColumnProfile, kind: ColumnKind): string {
  if (profile.kind === "category") {
    const words = usualCategories(profile).map(({ value, share }) => `${value} (${percentText(share)})`);
    return words.length === 0 ? "missing" : words.join(" or ");
  }
  if (kind === "boolean") return profile.low === profile.high ? valueText(profile.median, kind) : "true or false";
  const bounds = usualBounds(profile, kind);
  const [low, high] = [bounds.low, bounds.high].map((value) => (kind === "date" ? dateText(value) : boundText(value)));
  return low === high ? low : `${low} to ${high}`;
}

/** Rounds quantiles of columns of whole days to days. */
export function usualBounds(
  { min, low, median, high, max }: NumberProfile,
  kind: ColumnKind,
): { readonly low: number; readonly median: number; readonly high: number } {
  if (kind !== "date" || min % dayMs !== 0 || max % dayMs !== 0) return { low, median, high };
  const [lowDay, medianDay, highDay] = [low, median, high].map((value) => Math.round(value / dayMs) * dayMs);
  return { low: lowDay, median: medianDay, high: highDay };
}

/** Rounds a quantile to three digits. */
function boundText(value: number): string {
  return numberText(Math.abs(value) < 1000 ? Number(value.toPrecision(3)) : value);
}

/** The commonest category, and the second one where it is common. */
export function usualCategories(profile: CategoryProfile): CategoryProfile["commonest"] {
  return profile.commonest.filter(({ share }, index) => index === 0 || (index === 1 && share >= 0.2));
}
