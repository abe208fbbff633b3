/** Decides from counts over a column's texts whether they are dates, and in which order of day, month and year. */

import { type DateOrder, dateOrders, datePattern } from "@nomaly/detect";

export interface DateCounts {
  /** Texts that are not missing. */
  readonly total: number;
  /** Texts of three numbers between slashes, dots or hyphens, perhaps with a time. */
  readonly dateLike: number;
  /** Those whose year has two digits. */
  readonly shortYears: number;
  /** Those among them with slashes, or with two digits in each number: versions such as 1.2.10 have neither. */
  readonly surelyDates: number;
  /** Texts that are dates of a calendar in each order. */
  readonly valid: Readonly<Record<DateOrder, number>>;
}

export type DateFinding =
  | { readonly kind: "dates"; readonly order: DateOrder }
  | { readonly kind: "no dates" }
  | { readonly kind: "two orders"; readonly orders: readonly DateOrder[] }
  | { readonly kind: "short years" }
  | { readonly kind: "mistakes"; readonly order: DateOrder };

/** Share of dates above which the other texts are taken for mistakes. */
const dateShareMin = 0.9;
const dateExpression = new RegExp(datePattern);

export function isDateLike(text: string): boolean {
  return dateExpression.test(text.trim());
}

/** @param given the order of columns that do not tell it. */
export function dateFinding(counts: DateCounts, given: DateOrder | undefined): DateFinding {
  const { total, dateLike, shortYears, surelyDates, valid } = counts;
  if (dateLike === 0 || dateLike < total * dateShareMin) return { kind: "no dates" };
  if (shortYears > 0 && given === undefined) {
    return surelyDates === shortYears ? { kind: "short years" } : { kind: "no dates" };
  }
  const possible = dateOrders.filter((order) => valid[order] === total);
  if (possible.length === 1) return { kind: "dates", order: possible[0] };
  if (possible.length > 1) {
    return given !== undefined && possible.includes(given)
      ? { kind: "dates", order: given }
      : { kind: "two orders", orders: possible };
  }
  const most = Math.max(...dateOrders.map((order) => valid[order]));
  // Three numbers that are hardly ever dates are something else.
  if (most < total / 2) return { kind: "no dates" };
  return { kind: "mistakes", order: dateOrders.find((order) => valid[order] === most) ?? "dmy" };
}
