/** Converts cells to JSON: a number if float64 holds the file's value exactly, else a text. */

import type { DuckDBValueConverter, Json } from "@duckdb/node-api";

/** Decimal digits that every float64 keeps. */
const exactDigitsMax = 15;

/** @param plain converts all other values, and lists and structures. */
export function exactNumbers(plain: DuckDBValueConverter<Json>): DuckDBValueConverter<Json> {
  return (value, type, converter) => {
    if (typeof value === "bigint") return wholeCell(value);
    if (isDecimal(value)) return decimalCell(value);
    return plain(value, type, converter);
  };
}

interface Decimal {
  /** The digits without the decimal point. */
  readonly value: bigint;
  readonly scale: number;
  toString(): string;
}

function isDecimal(value: unknown): value is Decimal {
  return typeof value === "object" && value !== null && "scale" in value && "width" in value;
}

function wholeCell(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function decimalCell(decimal: Decimal): number | string {
  if (decimal.scale === 0) return wholeCell(decimal.value);
  const digits = String(decimal.value).replace("-", "");
  return digits.length <= exactDigitsMax ? Number(decimal.toString()) : decimal.toString();
}
