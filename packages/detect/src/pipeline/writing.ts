/** How people write numbers and dates: a column's way of writing, and the values that its texts stand for. */

export const decimalMarks = [".", ","] as const;
/** What stands before the decimals of a number. */
export type DecimalMark = (typeof decimalMarks)[number];
/** A blank stands for every kind of blank, the straight apostrophe for both. */
export const thousandsMarks = [",", ".", " ", "'"] as const;
/** What stands between the thousands of a number; see {@link NumberWriting}. */
export type ThousandsMark = (typeof thousandsMarks)[number];
/** The orders of day, month and year in which dates of figures are written. */
export const dateOrders = ["dmy", "mdy", "ymd"] as const;
/** The order of day, month and year. */
export type DateOrder = (typeof dateOrders)[number];

/** How the texts of a column write numbers. */
export interface NumberWriting {
  /** Marks the writing of numbers. */
  readonly kind: "number";
  /** What stands before the decimals. */
  readonly decimal: DecimalMark;
  /** What stands between the thousands; a blank is any blank, the straight apostrophe also the curved one; null: they are not marked. */
  readonly thousands: ThousandsMark | null;
  /** Stands before or after the number, or may be left out: `$`, `EUR`, `%`. 33% is 33. */
  readonly unit: string;
}

/** How the texts of a column write dates. */
export interface DateWriting {
  /** Marks the writing of dates. */
  readonly kind: "date";
  /** Which comes first, second and third: day, month or year. */
  readonly order: DateOrder;
}

/** How the texts of a column are to be read, where they are not written as programs write numbers and dates. */
export type Writing = NumberWriting | DateWriting;

/** Blanks between digits, and between number and unit: plain, no-break, figure, thin and narrow no-break. */
export const blank = "[ \u00a0\u2007\u2009\u202f]";
const minus = "[-\u2212]";
const markPatterns: Readonly<Record<ThousandsMark, string>> = { ",": ",", ".": "\\.", " ": blank, "'": "['\u2019]" };

/** A regular expression of the texts that are numbers in this writing: for JavaScript with the flag u, and for RE2. */
export function numberPattern({ decimal, thousands, unit }: NumberWriting): string {
  const sign = `(?:[+]|${minus})`;
  const whole = thousands === null ? "\\d+" : `(?:[1-9]\\d{0,2}(?:${markPatterns[thousands]}\\d{3})+|\\d+)`;
  const exponent = unit === "" ? "(?:[eE][+-]?\\d+)?" : "";
  const number = `(?:${whole}(?:${markPatterns[decimal]}\\d*)?|${markPatterns[decimal]}\\d+)${exponent}`;
  if (unit === "") return `^(?:${sign}?${number}|\\(${number}\\)|${number}${minus})$`;
  const name = unit.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const before = `(?:${name}${blank}?)?`;
  const after = `(?:${blank}?${name})?`;
  return `^(?:${sign}?${before}${number}${after}|${before}${sign}${number}${after}|\\(${before}${number}${after}\\)|${before}${number}${after}${minus})$`;
}

const compiled = new Map<string, RegExp>();
const compiledCountMax = 1000;

function expression(pattern: string): RegExp {
  let found = compiled.get(pattern);
  if (found === undefined) {
    if (compiled.size >= compiledCountMax) compiled.clear();
    found = new RegExp(pattern, "u");
    compiled.set(pattern, found);
  }
  return found;
}

/** The number that a text stands for in this writing, or undefined. */
export function numberOfWriting(text: string, writing: NumberWriting): number | undefined {
  const trimmed = text.trim();
  if (!expression(numberPattern(writing)).test(trimmed)) return undefined;
  const bare = writing.unit === "" ? trimmed : trimmed.replace(writing.unit, "");
  const exponent = /[eE][+-]?\d+$/.exec(bare)?.[0] ?? "";
  const mantissa = bare.slice(0, bare.length - exponent.length);
  const digits = mantissa.replaceAll(writing.decimal === "," ? /[^\d,]/g : /[^\d.]/g, "").replace(",", ".");
  const size = Number(digits + exponent);
  return /[(\-\u2212]/u.test(mantissa) ? -size : size;
}

/** Day, month and year in any order, and a time: for JavaScript and for RE2. */
export const datePattern =
  "^(\\d{1,4})([/.-])(\\d{1,2})([/.-])(\\d{1,4})(?:[ T](\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,6}))?)?(?: ?([AaPp])[Mm])?)?$";
/** Years of two digits below this one are of the 2000s, as in POSIX. */
export const centuryYear = 69;

/** Milliseconds since 1970 in UTC of a date in this writing, or undefined. ISO dates are read in every writing. */
export function dateOfWriting(text: string, { order }: DateWriting): number | undefined {
  const iso = dateOfIso(text);
  if (iso !== undefined) return iso;
  const parts = expression(datePattern).exec(text.trim());
  if (parts === null || parts[2] !== parts[4]) return undefined;
  const [first, second, third] = [parts[1], parts[3], parts[5]];
  const [day, month, year] =
    order === "dmy" ? [first, second, third] : order === "mdy" ? [second, first, third] : [third, second, first];
  const yearNumber = yearOf(year);
  if (yearNumber === undefined || day.length > 2) return undefined;
  const hour = hourOf(parts[6] ?? "0", parts[10]);
  const milliseconds = parts[9] === undefined ? 0 : Math.floor(Number(`0.${parts[9]}`) * 1000);
  if (hour === undefined) return undefined;
  return timeOf([yearNumber, Number(month), Number(day), hour, Number(parts[7] ?? 0), Number(parts[8] ?? 0), milliseconds]);
}

function yearOf(text: string): number | undefined {
  if (text.length === 4) return Number(text);
  if (text.length !== 2) return undefined;
  const year = Number(text);
  return year < centuryYear ? 2000 + year : 1900 + year;
}

function hourOf(text: string, half: string | undefined): number | undefined {
  const hour = Number(text);
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
}

const isoPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d{2}):?(\d{2})?)?)?$/;

/** Milliseconds since 1970 of `2026-12-04`, `2026-12-04T10:30:00Z` and the like, in UTC where no offset is given, or undefined. */
export function dateOfIso(text: string): number | undefined {
  const parts = isoPattern.exec(text.trim());
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const milliseconds = parts[7] === undefined ? 0 : Math.floor(Number(`0.${parts[7]}`) * 1000);
  const local = timeOf([year, month, day, hour, minute, second, milliseconds]);
  if (local === undefined || parts[9] === undefined) return local;
  const [offsetHours, offsetMinutes] = [Number(parts[10]), Number(parts[11] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return parts[9] === "+" ? local - offsetMs : local + offsetMs;
}

type DateParts = readonly [year: number, month: number, day: number, hour: number, minute: number, second: number, ms: number];

/** Undefined for days and times that no calendar has. */
function timeOf([year, month, day, hour, minute, second, milliseconds]: DateParts): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
}
