/**
 * Decides from the shapes of a column's texts whether they are numbers, and how these are written. A shape is a text whose digits are all 9,
 * except a 0 before a mark or the end: `$1,250.50` has the shape `$9,999.99`.
 */

import type { DecimalMark, NumberWriting, ThousandsMark } from "@nomaly/detect";

/** Number of texts of each shape; the two below stand for all texts that have none. */
export type ShapeCounts = ReadonlyMap<string, number>;
/** Digits between several marks that are no number: lists, versions, addresses, codes with a leading zero. */
export const codeShape = "code";
/** Any other text. */
export const otherShape = "other";

/** Currencies before or after a number, besides the single signs. */
const currencies =
  "(?:[A-Z]{0,2}\\p{Sc}|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BRL|MXN|ZAR|KRW|TRY|RUB|kr|z\u0142|K\u010d)";
const percent = "%";
const units =
  "(?:kg|g|mg|t|lbs?|oz|km|m|cm|mm|mi|ft|l|ml|s|ms|min|h|\u00b0C|\u00b0F|V|mV|A|mA|W|kW|MW|kWh|MWh|Hz|kHz|MHz|GHz|kB|KB|MB|GB|TB|hPa|kPa|bar|rpm|mph|km/h)";
const shapeExpression = new RegExp(
  `^(\\()?([+-])?(?:(${currencies}) ?)?([+-])?([90.,' ]*[90][.,]?(?:[eE][+-]?9+)?)(?: ?(${currencies}|${percent}|${units}))?(\\))?(-)?$`,
  "u",
);

/** The same for RE2 and the texts themselves, whose blanks, apostrophes and minus signs may be of several kinds. */
export const numberLike = `^\\(?[-+\u2212]?(?:${currencies}[ \u00a0\u2007\u2009\u202f]?)?[-+\u2212]?[0-9.,'\u2019 \u00a0\u2007\u2009\u202f]*[0-9][.,]?(?:[eE][+-]?[0-9]+)?(?:[ \u00a0\u2007\u2009\u202f]?(?:${currencies}|${percent}|${units}))?\\)?[-\u2212]?$`;
const numberLikeExpression = new RegExp(numberLike, "u");

export function isNumberLike(text: string): boolean {
  return text.length <= shapeLengthMax && numberLikeExpression.test(text.trim());
}

/** Longer texts are no numbers. */
export const shapeLengthMax = 48;
/** Share of numbers above which the other texts are taken for mistakes. */
const numberShareMin = 0.9;
/** Share of lists and codes above which the column is one of those. */
const codeShareMin = 0.01;

export type NumberFinding =
  | { readonly kind: "numbers"; readonly writing: NumberWriting }
  /** The column stays as it is. */
  | { readonly kind: "no numbers" }
  /** Thousands or decimals: the marks of all texts could be both. */
  | { readonly kind: "two meanings"; readonly shape: string; readonly mark: DecimalMark }
  /** Pairs of numbers in a file cut at commas: decimals or lists. */
  | { readonly kind: "perhaps lists"; readonly shape: string }
  | { readonly kind: "mistakes"; readonly shapes: readonly string[]; readonly usual: string }
  | { readonly kind: "several units"; readonly shapes: readonly [string, string] };

interface ReadShape {
  readonly shape: string;
  readonly count: number;
  readonly core: string;
  readonly unit: string;
  readonly isNegated: boolean;
  readonly isPlain: boolean;
}

interface Marks {
  readonly decimal: DecimalMark;
  readonly thousands: ThousandsMark | null;
}

export interface NumberSettings {
  /** The decimal mark of columns whose texts do not tell it. */
  readonly decimal?: DecimalMark | undefined;
  readonly delimiter: string;
}

export function numberFinding(counts: ShapeCounts, settings: NumberSettings): NumberFinding {
  const total = sum([...counts.values()]);
  const read = withoutLetters(
    [...counts].flatMap(([shape, count]) => readShape(shape, count) ?? []),
    total,
  );
  const numberCount = sum(read.map(({ count }) => count));
  const codeCount = sum([...counts].flatMap(([shape, count]) => (isCode(shape) ? [count] : [])));
  if (read.every(({ isPlain }) => isPlain)) return { kind: "no numbers" };
  if (numberCount < total * numberShareMin || codeCount >= total * codeShareMin) return { kind: "no numbers" };
  const feasible = allMarks.filter((marks) => read.every(({ core }) => fits(core, marks)));
  if (feasible.length === 0 || numberCount < total) return mistakes(counts, read, total);
  if (lookLikeCodes(read)) return { kind: "no numbers" };
  const mixed = severalUnits(read);
  if (mixed !== undefined) return { kind: "several units", shapes: mixed };
  const unit = read.find((shape) => shape.unit !== "")?.unit ?? "";
  return chosen(read, feasible, unit, settings);
}

/** Digits and marks that are no number. */
function isCode(shape: string): boolean {
  return shape === codeShape || (/^[-+90.,' ]+$/.test(shape) && readShape(shape, 0) === undefined);
}

function chosen(read: readonly ReadShape[], feasible: readonly Marks[], unit: string, settings: NumberSettings): NumberFinding {
  const decimals = new Set(feasible.map(({ decimal }) => decimal));
  const marked = read.find(({ core }) => /[.,]/.test(core));
  const isOpen = decimals.size > 1;
  if (isOpen && marked !== undefined && settings.decimal === undefined) {
    return { kind: "two meanings", shape: marked.shape, mark: marked.core.includes(",") ? "," : "." };
  }
  const decimal = isOpen ? (settings.decimal ?? ".") : feasible[0].decimal;
  // Without a mark for thousands where none is needed.
  const { thousands } = feasible.find((marks) => marks.decimal === decimal) ?? feasible[0];
  const arePairs = settings.delimiter === "," && decimal === "," && thousands === null && unit === "";
  if (arePairs && settings.decimal === undefined) return { kind: "perhaps lists", shape: marked?.shape ?? read[0].shape };
  return { kind: "numbers", writing: { kind: "number", decimal, thousands, unit } };
}

function readShape(shape: string, count: number): ReadShape | undefined {
  const parts = shapeExpression.exec(shape);
  if (parts === null) return undefined;
  const [, opened, sign, before, inner, core, after, closed, trailing] = parts;
  const signs = [opened, sign, inner, trailing].filter((part) => part !== undefined);
  if ((opened === undefined) !== (closed === undefined) || signs.length > 1) return undefined;
  if (before !== undefined && after !== undefined) return undefined;
  // Telephone numbers begin with a plus and have blanks.
  if (signs.includes("+") && core.includes(" ")) return undefined;
  if (!allMarks.some((marks) => fits(core, marks))) return undefined;
  const unit = before ?? after ?? "";
  if (unit !== "" && /e/i.test(core)) return undefined;
  const isPlain = unit === "" && opened === undefined && trailing === undefined && fits(core, allMarks[0]);
  return { shape, count, core, unit, isNegated: opened !== undefined, isPlain };
}

const unitExpression = new RegExp(`^${units}$`, "u");

/** Units count only if nearly all numbers have one: in 12A among house numbers the A is none. */
function withoutLetters(read: readonly ReadShape[], total: number): readonly ReadShape[] {
  const measured = read.filter(({ unit }) => unitExpression.test(unit));
  return sum(measured.map(({ count }) => count)) >= total * numberShareMin
    ? read
    : read.filter((shape) => !measured.includes(shape));
}

/** In the order in which one is preferred where several fit. */
const allMarks: readonly Marks[] = [
  { decimal: ".", thousands: null },
  { decimal: ",", thousands: null },
  { decimal: ".", thousands: "," },
  { decimal: ",", thousands: "." },
  { decimal: ".", thousands: " " },
  { decimal: ",", thousands: " " },
  { decimal: ".", thousands: "'" },
  { decimal: ",", thousands: "'" },
];

const markExpressions = new Map(
  allMarks.map((marks) => {
    const decimal = `[${marks.decimal}]`;
    const whole = marks.thousands === null ? "[90]9*" : `(?:9{1,3}(?:[${marks.thousands}]9{3})+|[90]9*)`;
    return [marks, new RegExp(`^(?:${whole}(?:${decimal}[90]*)?|${decimal}[90]+)(?:[eE][+-]?9+)?$`)];
  }),
);

function fits(core: string, marks: Marks): boolean {
  return markExpressions.get(marks)?.test(core) === true;
}

/** The texts that do not fit the writing of most. */
function mistakes(counts: ShapeCounts, read: readonly ReadShape[], total: number): NumberFinding {
  let best: readonly ReadShape[] = [];
  for (const marks of allMarks) {
    const fitting = read.filter(({ core }) => fits(core, marks));
    if (sum(fitting.map(({ count }) => count)) > sum(best.map(({ count }) => count))) best = fitting;
  }
  const known = new Set(best.map(({ shape }) => shape));
  const shapes = [...counts.keys()].filter((shape) => !known.has(shape));
  const usual = [...best].sort((a, b) => b.count - a.count)[0]?.shape ?? "";
  // Only plain numbers and mistakes: the library judges those.
  if (best.every(({ isPlain }) => isPlain) && sum(best.map(({ count }) => count)) < total * numberShareMin) {
    return read.length < counts.size ? { kind: "no numbers" } : { kind: "mistakes", shapes, usual };
  }
  return { kind: "mistakes", shapes, usual };
}

/** Groups of equal length in every text, such as `552 100 554`, and numbers that are all in parentheses. */
function lookLikeCodes(read: readonly ReadShape[]): boolean {
  if (read.some(({ unit }) => unit !== "")) return false;
  if (read.every(({ isNegated }) => isNegated)) return true;
  return read.length === 1 && /^9+([ .])9{3}(?:\1(?:9{3}))+$/.test(read[0].core);
}

/** A shape with the commoner unit and one with another, or with none, where that matters. */
function severalUnits(read: readonly ReadShape[]): readonly [string, string] | undefined {
  const first = read.find(({ unit }) => unit !== "");
  if (first === undefined) return undefined;
  const isCurrency = new RegExp(`^${currencies}$`, "u").test(first.unit);
  const other = read.find(({ unit, core }) => unit !== first.unit && !(unit === "" && (isCurrency || core === "0")));
  if (other === undefined) return undefined;
  const countOf = (wanted: string) => sum(read.flatMap(({ unit, count }) => (unit === wanted ? [count] : [])));
  return countOf(other.unit) > countOf(first.unit) ? [other.shape, first.shape] : [first.shape, other.shape];
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
