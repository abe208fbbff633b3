/** Learns a pipeline from training rows: picks the columns, and decides how each becomes numbers. */

import { nearestName } from "../detector/nearest-name.ts";
import { type MessagePart, NomalyError, rowAtFault } from "../errors.ts";
import type { ColumnSource } from "./column-source.ts";
import { identifierReason } from "./identifiers.ts";
import { refuseMistypedNumbers } from "./mistyped-numbers.ts";
import type {
  CategoryEncoding,
  Encoding,
  MissingPolicy,
  NumberEncoding,
  Pipeline,
  PipelineColumn,
  Scaling,
  SkippedColumn,
} from "./pipeline.ts";
import { categoryEncodings, missingPolicies, scalings, usuallyMissingShare } from "./pipeline.ts";
import type { NumberSummary } from "./statistics.ts";
import { countTexts, exactMedian, quantile, sampleColumns, sortedSample, summarize, summarizeColumns } from "./statistics.ts";
import type { Column, TextColumn } from "./table.ts";
import { toEnd } from "./to-end.ts";
import { categoryOf, isMissingText, numbersOfTexts, textsOf } from "./texts.ts";

/** How rows become numbers: which columns, what of missing values and categories, scaling. */
export interface PipelineOptions {
  /** Columns to use, none other; they are used even if they look like identifiers. */
  readonly columns?: readonly string[];
  /** Columns to leave out, such as labels. */
  readonly exclude?: readonly string[];
  /** Columns to treat as categories even if they hold numbers. */
  readonly categorical?: readonly string[];
  /** Default auto: standard for detectors that need comparable columns, none for the others. */
  readonly scaling?: "auto" | Scaling;
  /** Default refuse. */
  readonly missing?: MissingPolicy;
  /** Default auto. */
  readonly categories?: CategoryEncoding;
}

/** Most 0/1 columns that one column of text may become; with more categories it is encoded by frequency. */
export const oneHotCategoryCountMax = 20;
/** Categories whose share is kept; rarer ones count as not seen. */
const frequencyCategoryCountMax = 10_000;
const commonestCount = 5;
/** Under auto, the presence column counts a column when its missing values and their share of the rows reach both of these. */
const countedMissingMin = 10;
const countedMissingShareMin = 0.01;
/** With more columns, profiles are computed at once instead of when first read, so that their samples can be freed. */
const laterColumnCountMax = 64;
/** Columns that a message about missing values lists. */
const gapCountShown = 12;

type CategoryCounts = readonly (readonly [text: string, count: number])[];

interface LearnContext {
  readonly scaling: Scaling;
  readonly missing: MissingPolicy;
  readonly oneHot: boolean;
}

/**
 * @param unitsMatter the detector's trait: decides what auto means.
 * @throws NomalyError COLUMN when a named column is unknown, a column cannot be used, or none is left; NOT_FINITE for infinity.
 */
export function learnPipeline(source: ColumnSource, options: PipelineOptions, unitsMatter: boolean): Pipeline {
  return toEnd(learnPieces(source, options, unitsMatter));
}

/** {@link learnPipeline} in pieces of one column, or of one block of rows, between which the caller may let events in. */
export function* learnPieces(
  source: ColumnSource,
  options: PipelineOptions,
  unitsMatter: boolean,
): Generator<void, Pipeline, void> {
  requireChoice("scaling", options.scaling, ["auto", ...scalings]);
  requireChoice("missing", options.missing, missingPolicies);
  requireChoice("categories", options.categories, categoryEncodings);
  const wanted = pickColumns(source, options);
  const sourceColumnCount = source.names.length;
  const scaling = options.scaling === undefined || options.scaling === "auto" ? autoScaling(unitsMatter) : options.scaling;
  const categories = options.categories ?? "auto";
  const missing = options.missing ?? "refuse";
  const context: LearnContext = {
    scaling,
    missing,
    oneHot: categories === "one-hot" || (categories === "auto" && unitsMatter),
  };
  const plain = yield* learnPlainColumns(source, wanted, options, context);
  if (plain !== undefined) {
    requireUsable(plain, [], source.rowCount);
    return { named: source.named, sourceColumnCount, scaling, missing, columns: plain, skipped: [] };
  }
  const columns: PipelineColumn[] = [];
  const skipped: SkippedColumn[] = [];
  const gaps: Gap[] = [];
  for (const index of wanted) {
    yield;
    const column = asKind(source.column(index), options.categorical);
    if (column.kind === "text" && options.categorical?.includes(column.name) !== true) refuseMistypedNumbers(column);
    const counts = column.kind === "text" ? countTexts(column.values) : undefined;
    const chosen = options.columns !== undefined || !source.named || options.categorical?.includes(column.name) === true;
    const empty = chosen && context.missing !== "auto" ? undefined : emptyReason(column);
    const reason = empty ?? (chosen ? undefined : identifierReason(column, counts?.length));
    if (reason !== undefined) {
      skipped.push({ name: column.name, reason });
      continue;
    }
    const learned = learnColumn(column, counts, context);
    columns.push({ position: index, ...learned });
    const { missingCount } = learned.profile;
    if (missingCount > 0 && context.missing === "refuse")
      gaps.push({ name: column.name, count: missingCount, firstRow: firstMissing(column) });
  }
  if (gaps.length > 0) throw missingValues(gaps);
  requireUsable(columns, skipped, source.rowCount);
  return { named: source.named, sourceColumnCount, scaling, missing, columns, skipped };
}

/** All of a column but its place. */
type LearnedColumn = Omit<PipelineColumn, "position">;

function learnColumn(column: Column, counts: CategoryCounts | undefined, context: LearnContext): LearnedColumn {
  return column.kind === "text" ? learnText(column, counts ?? [], context) : learnNumber(column, context);
}

function requireChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  const nearest = nearestName(value, choices);
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  const expected = `one of ${choices.join(", ")}`;
  throw new NomalyError("PARAM", `${name} must be ${expected}, got "${value}"${hint}`, {
    field: name,
    expected,
    received: value,
  });
}

function autoScaling(unitsMatter: boolean): Scaling {
  return unitsMatter ? "standard" : "none";
}

function pickColumns(source: ColumnSource, options: PipelineOptions): number[] {
  const indexes = source.names.map((_, index) => index);
  for (const name of [...(options.columns ?? []), ...(options.exclude ?? []), ...(options.categorical ?? [])]) {
    if (!source.names.includes(name)) throw unknownColumn(name, source.names);
  }
  const included = options.columns === undefined ? indexes : options.columns.map((name) => source.names.indexOf(name));
  return [...new Set(included)].filter((index) => options.exclude?.includes(source.names[index]) !== true);
}

/**
 * @param candidates the names that may have been meant.
 * @returns the error for a column that is not there, with the nearest of the candidates.
 */
export function unknownColumn(name: string, names: readonly string[], candidates = names): NomalyError {
  const nearest = nearestName(name, candidates);
  const listed = names.slice(0, 20).join(", ") + (names.length > 20 ? ", ..." : "");
  const hint = nearest === undefined ? `there are ${listed}` : `did you mean "${nearest}"?`;
  return new NomalyError("COLUMN", `there is no column "${name}"; ${hint}`, { field: name, received: name });
}

/** The column as it is to be learned: a category where declared so, numbers where every text is one. */
function asKind(column: Column, categorical: readonly string[] | undefined): Column {
  if (categorical?.includes(column.name) === true) return { kind: "text", name: column.name, values: textsOf(column) };
  if (column.kind !== "text") return column;
  const values = numbersOfTexts(column.values);
  return values === undefined ? column : { kind: "number", name: column.name, values };
}

function emptyReason(column: Column): string | undefined {
  const isEmpty = column.kind === "text" ? column.values.every(isMissingText) : column.values.every(Number.isNaN);
  return isEmpty && column.values.length > 0 ? "it has no values" : undefined;
}

/** Learns rows of numbers without names for all columns at once: faster for large tables. */
function* learnPlainColumns(
  source: ColumnSource,
  wanted: readonly number[],
  options: PipelineOptions,
  context: LearnContext,
): Generator<void, PipelineColumn[] | undefined, void> {
  const { matrix } = source;
  if (matrix === undefined || source.named || options.categorical !== undefined || context.scaling === "robust") return undefined;
  const summaries = yield* summarizeColumns(matrix, context.scaling === "standard");
  if (summaries === undefined) return undefined;
  const samples = sampleColumns(matrix);
  const isLater = matrix.columnCount <= laterColumnCountMax;
  const columns: PipelineColumn[] = [];
  for (const index of wanted) {
    yield;
    const sample = isLater ? sortedLater(samples[index]) : () => samples[index];
    if (!isLater) samples[index].sort();
    const scale = centerAndScale(context.scaling, summaries[index], matrix.values);
    const learned = { sample, scale, fill: context.missing === "refuse" ? null : quantile(sample(), 0.5), indicator: false };
    const { name, kind, encoding, profile } = numberColumn(source.names[index], "number", summaries[index], learned);
    columns.push({ position: index, name, kind, encoding, profile: isLater ? profile : { ...profile } });
  }
  return columns;
}

/** Sorts the sample in place when first asked, so that callers who only want scores do not wait for profiles. */
function sortedLater(sample: Float64Array): () => Float64Array {
  let isSorted = false;
  return () => {
    if (!isSorted) sample.sort();
    isSorted = true;
    return sample;
  };
}

function learnNumber(column: Exclude<Column, TextColumn>, context: LearnContext): LearnedColumn {
  const { name, kind, values } = column;
  const summary = summarize(values);
  if (!Number.isFinite(summary.min) || !Number.isFinite(summary.max)) throw infiniteValue(name, values);
  const scale = kind === "boolean" ? { center: 0, scale: 1 } : centerAndScale(context.scaling, summary, values);
  const sample = sortedSample(values.length, (row) => values[row]);
  const fill = context.missing === "refuse" ? null : summary.missingCount === 0 ? quantile(sample, 0.5) : exactMedian(values);
  const indicator = context.missing === "indicator" && summary.missingCount > 0;
  const counted = context.missing === "auto" ? countedFor(summary.missingCount, values.length) : undefined;
  const learned = numberColumn(name, kind, summary, { sample: () => sample, scale, fill, indicator, counted });
  // The copy holds the quantiles themselves, so that the sample can be freed.
  const writing = kind === "boolean" || column.writing === undefined ? {} : { writing: column.writing };
  return { ...learned, ...writing, profile: { ...learned.profile } };
}

/** The rarer of missing and present, where enough values are missing to learn from. */
function countedFor(missingCount: number, rowCount: number): NumberEncoding["counted"] {
  const share = missingCount / rowCount;
  if (missingCount < countedMissingMin || share < countedMissingShareMin) return undefined;
  return share > usuallyMissingShare ? "present" : "missing";
}

interface LearnedNumbers {
  readonly sample: () => Float64Array;
  readonly scale: { center: number; scale: number };
  readonly fill: number | null;
  readonly indicator: boolean;
  readonly counted?: NumberEncoding["counted"];
}

function numberColumn(
  name: string,
  kind: "number" | "date" | "boolean",
  summary: NumberSummary,
  learned: LearnedNumbers,
): LearnedColumn {
  const { sample, scale, fill, indicator, counted } = learned;
  const encoding: Encoding = {
    kind: "number",
    ...scale,
    fill: fill !== null && kind === "boolean" ? Math.round(fill) : fill,
    indicator,
    ...(counted === undefined ? {} : { counted }),
  };
  const profile = {
    kind: "number",
    min: summary.min,
    get low() {
      return quantile(sample(), 0.05);
    },
    get median() {
      return quantile(sample(), 0.5);
    },
    get high() {
      return quantile(sample(), 0.95);
    },
    max: summary.max,
    missingCount: summary.missingCount,
  } as const;
  return { name, kind, encoding, profile };
}

/** A constant column divides by 1, as scikit-learn does; what rounding leaves of its spread does not count. */
function centerAndScale(
  scaling: Scaling,
  summary: { mean: number; deviation: number; min: number; max: number },
  values: Float64Array,
): { center: number; scale: number } {
  if (scaling !== "none" && summary.min === summary.max) return { center: summary.min, scale: 1 };
  switch (scaling) {
    case "none":
      return { center: 0, scale: 1 };
    case "standard":
      return { center: summary.mean, scale: usable(summary.deviation) };
    case "min-max":
      return { center: summary.min, scale: usable(summary.max - summary.min) };
    case "robust": {
      const present = values.filter((value) => !Number.isNaN(value)).sort();
      return { center: quantile(present, 0.5), scale: usable(quantile(present, 0.75) - quantile(present, 0.25)) };
    }
  }
}

function usable(spread: number): number {
  return spread > 0 && Number.isFinite(spread) ? spread : 1;
}

function learnText(column: TextColumn, counts: CategoryCounts, context: LearnContext): LearnedColumn {
  const rowCount = column.values.length;
  const missingCount = counts.find(([text]) => text === "")?.[1] ?? 0;
  const refusesMissing = context.missing === "refuse";
  const asOneHot = context.oneHot && counts.length <= oneHotCategoryCountMax;
  const categories = counts.slice(0, frequencyCategoryCountMax);
  const names = categories.map(([text]) => text);
  const encoding: Encoding = asOneHot
    ? { kind: "one-hot", categories: names, refusesMissing }
    : frequencyEncoding(names, new Map(counts), column, { scaling: context.scaling, refusesMissing });
  const present = counts.filter(([text]) => text !== "");
  const commonest = present.slice(0, commonestCount).map(([value, count]) => ({ value, share: count / rowCount }));
  const profile = { kind: "category", commonest, distinctCount: present.length, missingCount } as const;
  return { name: column.name, kind: "text", encoding, profile };
}

function frequencyEncoding(
  categories: readonly string[],
  counts: ReadonlyMap<string, number>,
  column: TextColumn,
  options: { scaling: Scaling; refusesMissing: boolean },
): Encoding {
  const shares = categories.map((category) => (counts.get(category) ?? 0) / column.values.length);
  const encoded = Float64Array.from(column.values, (value) => (counts.get(categoryOf(value)) ?? 0) / column.values.length);
  const { center, scale } = centerAndScale(options.scaling, summarize(encoded), encoded);
  return { kind: "frequency", categories, shares, center, scale, refusesMissing: options.refusesMissing };
}

/** Missing values of one column. */
interface Gap {
  readonly name: string;
  readonly count: number;
  readonly firstRow: number;
}

function firstMissing(column: Column): number {
  return column.kind === "text" ? column.values.findIndex(isMissingText) : column.values.findIndex(Number.isNaN);
}

/** The error for missing values where none are accepted: all columns at once, so that one look is enough. */
export function missingValues(gaps: readonly Gap[], remedy: "choose" | "fit with" = "choose"): NomalyError {
  const count = gaps.reduce((sum, gap) => sum + gap.count, 0);
  const rowIndex = gaps.reduce((first, gap) => Math.min(first, gap.firstRow), Number.POSITIVE_INFINITY);
  const received = count === 1 ? "1 missing value" : `${count} missing values`;
  const listed = gaps.slice(0, gapCountShown).map((gap) => `"${gap.name}" (${gap.count})`);
  const more = gaps.length > gapCountShown ? ` and ${gaps.length - gapCountShown} more` : "";
  const where = gaps.length === 1 ? `column "${gaps[0].name}" has` : `columns ${listed.join(", ")}${more} have`;
  const option: MessagePart = { kind: "option", name: "missing", values: ["auto", "median"] };
  const message = [`${where} ${received}, the first in `, rowAtFault, `; fill them, or ${remedy} `, option];
  return new NomalyError("COLUMN", message, { field: gaps[0].name, expected: "a value in every row", received, rowIndex });
}

/** The error for the first infinite value of a column. */
export function infiniteValue(name: string, values: Float64Array): NomalyError {
  const rowIndex = values.findIndex((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY);
  const received = String(values[rowIndex]);
  const message = [`column "${name}" is ${received} in `, rowAtFault, "; every value must be a finite number"];
  return new NomalyError("NOT_FINITE", message, { field: name, expected: "a finite number", received, rowIndex });
}

function requireUsable(columns: readonly PipelineColumn[], skipped: readonly SkippedColumn[], rowCount: number): void {
  if (columns.length === 0) {
    const why = skipped.map(({ name, reason }) => `"${name}": ${reason}`).join("; ");
    throw new NomalyError("COLUMN", `no column is left to learn from${why === "" ? "" : ` (${why})`}`, { field: "columns" });
  }
  const constant = columns.every(({ profile, encoding }) => {
    // Missing values can tell rows apart, too.
    const tellsMissing = encoding.kind !== "number" || encoding.indicator || encoding.counted !== undefined;
    if (profile.missingCount > 0 && tellsMissing) return false;
    return profile.kind === "number" ? profile.min === profile.max : profile.distinctCount <= 1;
  });
  if (constant && rowCount > 1) {
    const names = columns.map(({ name }) => `"${name}"`).join(", ");
    throw new NomalyError("COLUMN", `every usable column holds one value only (${names}): there is nothing to learn`, {
      field: "columns",
    });
  }
}
