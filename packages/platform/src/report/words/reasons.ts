/** Words for why a row is anomalous. */

import type { ColumnProfile, Reason } from "@nomaly/detect";
import { type EmptyCells, emptyCellsOf, emptyCellsText, isEmptyCells } from "./empty-cells.ts";
import { missingShareText, percentText, usualCategories, usualMissingShareMin, usualText, valueText } from "../wording.ts";

/** Reasons whose contribution is below this share of the row's largest are not shown. */
const tellingShareMin = 0.1;
/** Where more than this share of the training rows has no value, any value is unusual. */
const rarelyGivenShareMin = 0.8;

/** One column, or all cells that are empty though seldom so. */
export type ShownReason = Reason | EmptyCells;

/** Said of values that are usual by themselves, and counted all the same. */
export const usualAlone = "usual alone";

/**
 * The reasons worth showing: those that are large beside the largest one, at most `countMax`. Several cells that are unusually empty
 * are one reason, also where they count little: first if most cells are empty, else in the place of the first that tells, else last.
 * @param reasons of all columns, the largest contribution first.
 */
export function shownReasons(reasons: readonly Reason[], countMax: number): readonly ShownReason[] {
  const telling = tellingReasons(reasons, countMax);
  const empty = emptyCellsOf(reasons, isUnusuallyEmpty);
  if (empty === undefined) return telling;
  const first = telling.findIndex(isUnusuallyEmpty);
  const others = telling.filter((reason) => !isUnusuallyEmpty(reason));
  const isMost = empty.emptyColumns.length > reasons.length / 2;
  const place = isMost ? 0 : first === -1 ? others.length : first;
  return [...others.slice(0, place), empty, ...others.slice(place)];
}

/** Those that are large beside the largest one, at most `countMax`. */
export function tellingReasons(reasons: readonly Reason[], countMax: number): readonly Reason[] {
  const largest = reasons[0]?.contribution ?? 0;
  return reasons
    .slice(0, countMax)
    .filter((reason) => reason.contribution > 0 && reason.contribution >= largest * tellingShareMin);
}

/**
 * `horsepower 230, usual 75 to 150; weight 5000, usual 1900 to 4500`. Values that are usual alone are listed together, behind the others:
 * `usual alone, less so with the rest: displacement 350, cylinders 8`. Where it tells that a value is there or is not:
 * `deposit has a value (250), 91.6 % have none`, `age is missing, as in 0.8 % of rows`, `5 of 8 cells are empty: age, sex, income and 2 more`.
 */
export function reasonsText(reasons: readonly ShownReason[]): string {
  const isAlone = (reason: ShownReason) => isEmptyCells(reason) || !isUsual(reason);
  const alone = reasons.filter(isAlone).map((reason) => (isEmptyCells(reason) ? emptyCellsText(reason) : aloneText(reason)));
  const together = reasons.flatMap((reason) => (isEmptyCells(reason) || !isUsual(reason) ? [] : [cellText(reason)]));
  return [...alone, ...(together.length === 0 ? [] : [`${usualAlone}, less so with the rest: ${together.join(", ")}`])].join(
    "; ",
  );
}

function aloneText(reason: Reason): string {
  const { column, kind, value, profile, missingShare } = reason;
  if (value === null) return `${column} is missing, ${presenceText(reason)}`;
  if (presenceTells(reason)) return `${column} has a value (${valueText(value, kind)}), ${presenceText(reason)}`;
  return `${cellText(reason)}${rarityText(reason)}, usual ${usualText(profile, kind, missingShare)}`;
}

/** ` (1.6 %)` behind a category whose share is known, ` (never seen)` behind one that no training row has; else empty. */
export function rarityText({ value, profile }: Reason): string {
  if (profile.kind !== "category" || typeof value !== "string") return "";
  const known = profile.commonest.find((category) => category.value === value);
  if (known !== undefined) return ` (${percentText(known.share)})`;
  return profile.distinctCount <= profile.commonest.length ? " (never seen)" : "";
}

/** True where it tells that there is a value, or none, whatever the value is. */
export function presenceTells({ value, missingShare }: Reason): boolean {
  return value === null || missingShare > rarelyGivenShareMin;
}

/**
 * `as in 0.8 % of rows` of a missing value, `91.6 % have none` of one that is there; of one beyond most others
 * `91.6 % have none, the others mostly 10 to 300`.
 */
export function presenceText(reason: Reason): string {
  const { value, kind, profile, missingShare } = reason;
  const share = missingShareText(missingShare);
  if (value === null) return `as in ${share} of rows`;
  return `${share} have none${isBeyondUsual(reason) ? `, the others mostly ${usualText(profile, kind)}` : ""}`;
}

/** True of a number or date outside of the usual ones. */
export function isBeyondUsual({ value, profile }: Reason): boolean {
  return value !== null && profile.kind === "number" && !isWithin(value, profile);
}

function cellText(reason: Reason): string {
  return `${reason.column} ${valueText(reason.value, reason.kind)}`;
}

/** True if the value alone is usual, so that it stands out only beside the row's other values. */
export function isUsual({ value, profile, missingShare }: Reason): boolean {
  if (value === null) return missingShare >= usualMissingShareMin;
  return missingShare <= rarelyGivenShareMin && isWithin(value, profile);
}

function isUnusuallyEmpty(reason: Reason): boolean {
  return reason.value === null && !isUsual(reason);
}

function isWithin(value: number | string, profile: ColumnProfile): boolean {
  if (profile.kind === "category")
    return typeof value === "string" && usualCategories(profile).some((category) => category.value === value);
  return typeof value === "number" && value >= profile.low && value <= profile.high;
}

/** Shown if no reason is large enough. */
export const noSingleReason = "no single column: the row as a whole";
