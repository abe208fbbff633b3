/** SQL that recognises and reads numbers and dates as people write them, from a text column. */

import {
  blank,
  centuryYear,
  type DateOrder,
  datePattern,
  type DateWriting,
  numberPattern,
  type NumberWriting,
} from "@nomaly/detect";
import { codeShape, numberLike, otherShape, shapeLengthMax } from "../read/csv/number-shapes.ts";
import { sqlText } from "./database.ts";

const blanks = blank.slice(1, -1);

/** The text without blanks around it. */
function trimmed(column: string): string {
  return `trim(${column}, ${sqlText(`${blanks}\t`)})`;
}

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, ${sqlText(pattern)})`;
}

/** The text's shape, or null for a missing text; see number-shapes.ts. */
export function shapeSql(column: string): string {
  const text = trimmed(column);
  const digits = `translate(${text}, ${sqlText(`123456789${blanks.slice(1)}\u2019\u2212`)}, ${sqlText(`999999999    '-`)})`;
  // A 0 before a mark or at the end stays, all others become 9.
  const shape = `replace(regexp_replace(${digits}, '^([^09]*)0([^09]|$)', ${sqlText("\\1Z\\2")}), '0', '9')`;
  return (
    `CASE WHEN ${column} IS NULL OR ${text} = '' THEN NULL WHEN length(${text}) > ${shapeLengthMax} THEN ${sqlText(otherShape)} ` +
    `WHEN ${matches(text, "^[^0-9]*0[0-9].*$")} AND ${matches(text, "^[-0-9.,;:/+() ]+$")} THEN ${sqlText(codeShape)} ` +
    `WHEN ${matches(text, numberLike)} THEN replace(${shape}, 'Z', '0') ` +
    `WHEN ${matches(text, "^[-0-9.,;:/+() ]*[0-9][-0-9.,;:/+() ]*$")} THEN ${sqlText(codeShape)} ELSE ${sqlText(otherShape)} END`
  );
}

/** The number that the text stands for, or null. */
export function writtenNumberSql(column: string, writing: NumberWriting): string {
  const text = trimmed(column);
  const bare = writing.unit === "" ? text : `replace(${text}, ${sqlText(writing.unit)}, '')`;
  const mantissa = writing.unit === "" ? `regexp_replace(${bare}, '[eE].*$', '')` : bare;
  const exponent = writing.unit === "" ? `regexp_extract(${bare}, '[eE][+-]?[0-9]+$')` : "''";
  const digits = `replace(regexp_replace(${mantissa}, '[^0-9${writing.decimal}]', '', 'g'), ',', '.')`;
  const sign = `CASE WHEN regexp_matches(${mantissa}, '[(\u2212-]') THEN '-' ELSE '' END`;
  return `CASE WHEN ${matches(text, numberPattern(writing))} THEN TRY_CAST(concat(${sign}, ${digits}, ${exponent}) AS DOUBLE) END`;
}

const timeFormats = ["", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", " %I:%M:%S%p"];
const orderFormats: Readonly<Record<DateOrder, string>> = { dmy: "%d/%m/%Y", mdy: "%m/%d/%Y", ymd: "%Y/%m/%d" };
const isoPattern = "^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}([.]\\d{1,9})?)?(Z|[+-]\\d{2}(:?\\d{2})?)?)?$";

/** The moment that the text stands for, or null. Two digits of a year are read too. */
export function writtenDateSql(column: string, { order }: DateWriting): string {
  const text = trimmed(column);
  const [yearPart, pattern] =
    order === "ymd"
      ? [1, "^(\\d{2}|\\d{4})[/.-]\\d{1,2}[/.-]\\d{1,2}(\\D.*)?$"]
      : [5, "^\\d{1,2}[/.-]\\d{1,2}[/.-](\\d{2}|\\d{4})(\\D.*)?$"];
  const part = (index: number) => `regexp_extract(${text}, ${sqlText(datePattern)}, ${index})`;
  const year = part(yearPart);
  const century = `CASE WHEN length(${year}) = 4 THEN '' WHEN ${year} < '${centuryYear}' THEN '20' ELSE '19' END`;
  const days = order === "ymd" ? [`${century}, ${year}`, part(3), part(5)] : [part(1), part(3), `${century}, ${year}`];
  const time = `regexp_replace(${text}, '^[^ T]*', '')`;
  const whole = `concat(${days.join(", '/', ")}, replace(replace(${time}, 'T', ' '), ',', '.'))`;
  const formats = timeFormats.map((format) => sqlText(orderFormats[order] + format)).join(", ");
  return (
    `CASE WHEN ${matches(text, isoPattern)} THEN TRY_CAST(${text} AS TIMESTAMP) ` +
    `WHEN ${matches(text, datePattern)} AND ${matches(text, pattern)} AND ${part(2)} = ${part(4)} THEN try_strptime(${whole}, [${formats}]) END`
  );
}
