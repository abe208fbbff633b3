/** Formats numbers, values and reasons for people. */

import type { CategoryProfile, ColumnKind, ColumnProfile, EnsembleMember, NumberProfile, Reason } from "@nomaly/detect";

import type { MemberFinding, ReportContent } from "./content.ts";

/** Reasons whose contribution is below this share of the row's largest are not shown. */
const tellingShareMin = 0.1;
/** Digits that are shown of scores and ranks beyond the usual ones. */
const extraDigitCountMax = 4;
/** Of more detectors a row shows only how many find it. */
const namedMemberCountMax = 4;
/** Where at least this share of the training rows has no value, a missing one is usual. */
const usualMissingShareMin = 0.2;
/** Where more than this share of the training rows has no value, any value is unusual. */
const rarelyGivenShareMin = 0.8;
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

/** `knn, pca`, `6 of 20`: the detectors, of several, that find a row anomalous. Of members see {@link agreementText}. */
export function foundByText(members: readonly MemberFinding[]): string {
  if (members.some(({ looksAt }) => looksAt !== undefined)) return agreementText(members);
  const found = members.filter(({ isAnomaly }) => isAnomaly).map(({ algorithm }) => algorithm);
  if (found.length === 0) return "none alone";
  return members.length > namedMemberCountMax ? `${found.length} of ${members.length}` : found.join(", ");
}

/** `5 of 5`, `4 of 5: all but relations`, `2 of 5: neighbours`: how many members find a row anomalous, and what these look at. */
function agreementText(members: readonly MemberFinding[]): string {
  const found = members.filter(({ isAnomaly }) => isAnomaly);
  const count = `${found.length} of ${members.length}`;
  if (found.length === 0 || found.length === members.length) return count;
  const missed = members.filter(({ isAnomaly }) => !isAnomaly);
  return `${count}: ${missed.length === 1 ? `all but ${viewsText(missed, members)}` : viewsText(found, members)}`;
}

/** What some of the members look at; `neighbours (1 of 2)` where others look at the same. */
function viewsText(some: readonly MemberFinding[], all: readonly MemberFinding[]): string {
  const countIn = (members: readonly MemberFinding[], view: string | undefined) =>
    members.filter(({ looksAt }) => looksAt === view).length;
  const views = [...new Set(some.map(({ looksAt }) => looksAt))];
  return views
    .map((view) => {
      const [count, total] = [countIn(some, view), countIn(all, view)];
      return count === total ? view : `${view} (${count} of ${total})`;
    })
    .join(", ");
}

/** Who was asked, and who was not and why; empty of a detector that asks no others. */
export function ensembleTexts(ensemble: ReportContent["ensemble"]): string[] {
  if (ensemble === undefined) return [];
  const asked = `${countText(ensemble.members.length, "member")} asked: ${membersText(ensemble.members)}`;
  return [asked, ...absentTexts(ensemble).map((text) => `not asked: ${text}`)];
}

/** `relations (mcd): switched off`, `neighbours (knn, in another way): ...` beside a member that looks at the same; equal ones once. */
export function absentTexts({ members, leftOut }: NonNullable<ReportContent["ensemble"]>): string[] {
  const texts = leftOut.map(({ looksAt, detectorId, reason }) => {
    const isLookedAt = members.some((member) => member.looksAt === looksAt);
    return `${looksAt} (${detectorId}${isLookedAt ? ", in another way" : ""}): ${reason}`;
  });
  return [...new Set(texts)];
}

/** `all 5 members agree on 34 %, at most 2 on 12 %`. @param counts of anomalies by the number of members that find them. */
export function sharesText(counts: readonly number[], anomalyCount: number): string {
  const memberCount = counts.length - 1;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const few = Math.floor(memberCount / 2);
  const fewCount = counts.slice(0, few + 1).reduce((sum, count) => sum + count, 0);
  const all = `all ${memberCount} members agree on ${percentText(counts[memberCount] / total)}`;
  const shares = few === 0 ? all : `${all}, at most ${few} on ${percentText(fewCount / total)}`;
  return total < anomalyCount ? `${shares} (${countText(total, "anomaly", "anomalies")} looked at)` : shares;
}

/** Said where nobody asked for a share of anomalies. */
export const defaultShareText = "the share that is called so unless --contamination gives another";

/** `single values (isolation-forest), neighbours (knn, in 2 ways)`: what the members look at, and the detectors that do it. */
function membersText(members: readonly EnsembleMember[]): string {
  const views = new Map<string, string[]>();
  for (const { looksAt, detectorId } of members) views.set(looksAt, [...(views.get(looksAt) ?? []), detectorId]);
  return [...views].map(([looksAt, ids]) => `${looksAt} (${[...new Set(ids)].join(", ")}${waysText(ids)})`).join(", ");
}

function waysText(ids: readonly string[]): string {
  return ids.length === 1 ? "" : `, in ${ids.length} ways`;
}

/** What the numbers of agreeing members mean; undefined of one member, with which nobody can agree. */
export function agreementNote(memberCount: number): string | undefined {
  if (memberCount < 2) return undefined;
  return `agree: how many of the ${memberCount} members place the row among the anomalies, and what those look at; with many it is no quirk of one method, but a lawful small group of rows is found by all, too`;
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

/**
 * `horsepower 230, usual 75 to 150; weight 5000, usual 1900 to 4500`. Values that are usual alone are listed together:
 * `unusual together: displacement 350, cylinders 8`; behind others `unusual beside that: cylinders 8`. Where it tells that a value is there or is not:
 * `deposit has a value (250), 91.6 % have none`, `age is missing, 0.8 % are`.
 */
export function reasonsText(reasons: readonly Reason[]): string {
  const alone = reasons.filter((reason) => !isUsual(reason)).map(aloneText);
  const together = reasons.filter(isUsual).map(cellText);
  if (together.length === 0) return alone.join("; ");
  if (alone.length > 0) return [...alone, `unusual beside that: ${together.join(", ")}`].join("; ");
  const last = together.length === 1 ? `${together[0]}, unusual beside the rest` : `unusual together: ${together.join(", ")}`;
  return last;
}

function aloneText(reason: Reason): string {
  const { column, kind, value, profile, missingShare } = reason;
  if (value === null) return `${column} is missing, ${presenceText(reason)}`;
  if (presenceTells(reason)) return `${column} has a value (${valueText(value, kind)}), ${presenceText(reason)}`;
  return `${cellText(reason)}${rarityText(reason)}, usual ${usualText(profile, kind, missingShare)}`;
}

/** ` (1.6 %)` behind a category whose share is known, ` (never seen)` behind one that no training row has; else empty. */
function rarityText({ value, profile }: Reason): string {
  if (profile.kind !== "category" || typeof value !== "string") return "";
  const known = profile.commonest.find((category) => category.value === value);
  if (known !== undefined) return ` (${percentText(known.share)})`;
  return profile.distinctCount <= profile.commonest.length ? " (never seen)" : "";
}

/** True where it tells more that there is a value, or none, than what the value is. */
export function presenceTells({ value, profile, missingShare }: Reason): boolean {
  if (value === null) return true;
  return missingShare > rarelyGivenShareMin && (typeof value === "string" || isWithin(value, profile));
}

/** `0.8 % are` of a missing value, `91.6 % have none` of one that is there. */
export function presenceText({ value, missingShare }: Reason): string {
  return `${missingShareText(missingShare)} ${value === null ? "are" : "have none"}`;
}

function cellText(reason: Reason): string {
  return `${reason.column} ${valueText(reason.value, reason.kind)}`;
}

/** True if the value alone is usual, so that it stands out only beside the row's other values. */
export function isUsual({ value, profile, missingShare }: Reason): boolean {
  if (value === null) return missingShare >= usualMissingShareMin;
  return missingShare <= rarelyGivenShareMin && isWithin(value, profile);
}

function isWithin(value: number | string, profile: ColumnProfile): boolean {
  if (profile.kind === "category")
    return typeof value === "string" && usualCategories(profile).some((category) => category.value === value);
  return typeof value === "number" && value >= profile.low && value <= profile.high;
}

function usualCategories(profile: CategoryProfile): CategoryProfile["commonest"] {
  return profile.commonest.filter(({ share }, index) => index === 0 || (index === 1 && share >= 0.2));
}

/** Shown if no reason is large enough. */
export const noSingleReason = "no single column: the row as a whole";

/** The reasons worth showing: those that are large beside the largest one, at most `countMax`. */
export function tellingReasons(reasons: readonly Reason[], countMax: number): readonly Reason[] {
  const largest = reasons[0]?.contribution ?? 0;
  return reasons
    .slice(0, countMax)
    .filter((reason) => reason.contribution > 0 && reason.contribution >= largest * tellingShareMin);
}
