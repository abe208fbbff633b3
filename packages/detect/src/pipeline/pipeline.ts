/** What a pipeline has learned: which columns are used, and how each becomes numbers. Plain data, saved with the model. */

import type { ColumnKind } from "./table.ts";
import type { Writing } from "./writing.ts";

/** The scalings by name, besides auto. */
export const scalings = ["none", "standard", "robust", "min-max"] as const;
/** standard: mean and standard deviation; robust: median and interquartile range; min-max: to [0, 1]. */
export type Scaling = (typeof scalings)[number];

/** The values of the option `missing`. */
export const missingPolicies = ["refuse", "auto", "median", "indicator"] as const;
/**
 * refuse: an error. median: numbers get the training median, texts count as a category of their own.
 * indicator: like median, with one more 0/1 column for each column of numbers that had missing values in training.
 * auto: like median, with one more column for all columns together that counts what is unusual in a row: values missing where most
 * rows have one, and values there where most rows have none. It counts the columns of numbers that miss a value in at least
 * 1 % of the training rows and in at least 10, as fewer are too few to learn from. Columns without any value are left out.
 */
export type MissingPolicy = (typeof missingPolicies)[number];

/** Where more than this share of the training rows has no value, a missing one is usual. */
export const usuallyMissingShare = 0.5;

/** The values of the option `categories`. */
export const categoryEncodings = ["auto", "one-hot", "frequency"] as const;
/**
 * one-hot: a 0/1 column for each category (frequency where there are too many). frequency: the category's share of the training rows.
 * auto: one-hot for detectors that measure distances, frequency for the others.
 */
export type CategoryEncoding = (typeof categoryEncodings)[number];

/** `(value - center) / scale`; a missing value becomes `fill`, or is refused where that is null. */
export interface NumberEncoding {
  readonly kind: "number";
  readonly center: number;
  readonly scale: number;
  readonly fill: number | null;
  /** A second output column, 1 where the value was missing. */
  readonly indicator: boolean;
  /** What the pipeline's presence column counts of this column; undefined: nothing. */
  readonly counted?: "missing" | "present" | undefined;
}

/** One output column a category. A category not seen in training is 0 in all of them. */
export interface OneHotEncoding {
  readonly kind: "one-hot";
  /** The empty text stands for missing. */
  readonly categories: readonly string[];
  readonly refusesMissing: boolean;
}

/** One output column: the scaled share of training rows with this category, 0 for one not seen. */
export interface FrequencyEncoding {
  readonly kind: "frequency";
  readonly categories: readonly string[];
  readonly shares: readonly number[];
  readonly center: number;
  readonly scale: number;
  readonly refusesMissing: boolean;
}

export type Encoding = NumberEncoding | OneHotEncoding | FrequencyEncoding;

/** What is usual in a column of numbers, dates or booleans: quantiles of the training values. */
export interface NumberProfile {
  /** Marks the profile of a column of numbers. */
  readonly kind: "number";
  /** The smallest value. */
  readonly min: number;
  /** 5 % quantile. */
  readonly low: number;
  /** The value in the middle. */
  readonly median: number;
  /** 95 % quantile. */
  readonly high: number;
  /** The largest value. */
  readonly max: number;
  /** Rows without a value. */
  readonly missingCount: number;
}

/** What is usual in a column of categories: the commonest with their shares. */
export interface CategoryProfile {
  /** Marks the profile of a column of categories. */
  readonly kind: "category";
  /** The commonest categories with their shares. */
  readonly commonest: readonly {
    /** The category. */
    readonly value: string;
    /** Share of the training rows that have it, 0 to 1. */
    readonly share: number;
  }[];
  /** Different categories. */
  readonly distinctCount: number;
  /** Rows without a value. */
  readonly missingCount: number;
}

/** What is usual in a column. */
export type ColumnProfile = NumberProfile | CategoryProfile;

/** A column that the model uses. */
export interface PipelineColumn {
  /** Name of the column. */
  readonly name: string;
  /** Its place among the columns of the training rows: how rows without names are matched. */
  readonly position: number;
  /** What it holds. */
  readonly kind: ColumnKind;
  /** How it becomes numbers. */
  readonly encoding: Encoding;
  /** What is usual in it. */
  readonly profile: ColumnProfile;
  /** How texts of this column are to be read, if not as programs write numbers and dates. */
  readonly writing?: Writing;
}

/** A column that was left out. */
export interface SkippedColumn {
  /** Name of the column. */
  readonly name: string;
  /** Why, in words. */
  readonly reason: string;
}

export interface Pipeline {
  /** False when the training rows had no column names: then new rows are matched by position. */
  readonly named: boolean;
  /** Columns that the training rows had, used or not. */
  readonly sourceColumnCount: number;
  readonly scaling: Scaling;
  readonly missing: MissingPolicy;
  readonly columns: readonly PipelineColumn[];
  readonly skipped: readonly SkippedColumn[];
}

/** How many numbers a value of the column becomes. */
export function encodedWidth(encoding: Encoding): number {
  switch (encoding.kind) {
    case "number":
      return encoding.indicator ? 2 : 1;
    case "one-hot":
      return encoding.categories.length;
    case "frequency":
      return 1;
  }
}

/** Width of the matrix that the pipeline makes. */
export function pipelineWidth(pipeline: Pipeline): number {
  let width = hasPresenceColumn(pipeline) ? 1 : 0;
  for (const column of pipeline.columns) width += encodedWidth(column.encoding);
  return width;
}

/** Whether the last output column counts, over all columns, values that are unusually missing or unusually there. */
export function hasPresenceColumn({ columns }: Pick<Pipeline, "columns">): boolean {
  return columns.some(({ encoding }) => countedOf(encoding) !== undefined);
}

/** What the presence column counts of a column. */
export function countedOf(encoding: Encoding): NumberEncoding["counted"] {
  return encoding.kind === "number" ? encoding.counted : undefined;
}

/** For each output column the index of the pipeline column it came from; -1 for the presence column, which comes from several. */
export function sourceColumns(pipeline: Pipeline): Int32Array {
  const own = pipeline.columns.flatMap((column, index) => Array.from({ length: encodedWidth(column.encoding) }, () => index));
  return Int32Array.from(hasPresenceColumn(pipeline) ? [...own, -1] : own);
}
