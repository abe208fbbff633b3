/** What the types of Arrow become in DuckDB, and their values. */

import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBIntervalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  INTEGER,
  INTERVAL,
  LIST,
  listValue,
  STRUCT,
  structValue,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  UBIGINT,
  VARCHAR,
} from "@duckdb/node-api";
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { DataType, type Field, type Interval, IntervalUnit, type Struct } from "apache-arrow";
import { decimalNumber, microsecondsOf, microsecondsOfMilliseconds } from "../../arrow/arrow-values.ts";
import { distinctNames } from "../../read/column-names.ts";

/** Counts what a row takes: one for each value in lists and structs, more for long texts. */
export interface CellCosts {
  add(cost: number): void;
}

export interface ArrowType {
  readonly type: DuckDBType;
  /** Lists, structs and maps: kept in the copy, and used by no detector. */
  readonly isNested: boolean;
  /** @param value is not missing. */
  convert(value: unknown, costs: CellCosts): DuckDBValue;
}

const millisecondsPerDay = 86_400_000;
/** Letters of a text that take as long as a number. */
const lettersOfCost = 800;

/** @returns undefined for a type that DuckDB cannot keep. */
export function arrowType(type: DataType): ArrowType | undefined {
  return plainType(type) ?? nestedType(type);
}

function plainType(type: DataType): ArrowType | undefined {
  if (DataType.isDictionary(type)) return arrowType(type.dictionary as DataType);
  if (DataType.isNull(type)) return flat(INTEGER, () => null);
  if (DataType.isInt(type)) return flat(type.bitWidth === 64 && !type.isSigned ? UBIGINT : BIGINT, bigIntOf);
  if (DataType.isFloat(type)) return flat(DOUBLE, Number);
  if (DataType.isBool(type)) return flat(BOOLEAN, Boolean);
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) return flat(VARCHAR, String);
  if (DataType.isDecimal(type)) return flat(DOUBLE, (value) => decimalNumber(value, type));
  if (DataType.isDate(type)) {
    return flat(DATE, (value) => new DuckDBDateValue(Math.floor(Number(value) / millisecondsPerDay)));
  }
  // The library converts every unit to milliseconds.
  if (DataType.isTimestamp(type)) {
    return type.timezone === null || type.timezone === undefined || type.timezone === ""
      ? flat(TIMESTAMP, (value) => new DuckDBTimestampValue(microsecondsOfMilliseconds(value)))
      : flat(TIMESTAMPTZ, (value) => new DuckDBTimestampTZValue(microsecondsOfMilliseconds(value)));
  }
  if (DataType.isTime(type)) return flat(TIME, (value) => new DuckDBTimeValue(microsecondsOf(value, type.unit)));
  if (DataType.isDuration(type)) {
    return flat(INTERVAL, (value) => new DuckDBIntervalValue(0, 0, microsecondsOf(value, type.unit)));
  }
  if (DataType.isInterval(type)) return flat(INTERVAL, (value) => intervalOf(value as Int32Array, type));
  const isBytes =
    DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isBinaryView(type) || DataType.isFixedSizeBinary(type);
  return isBytes ? flat(BLOB, (value) => new DuckDBBlobValue(value as Uint8Array)) : undefined;
}

function flat(type: DuckDBType, convert: (value: unknown) => DuckDBValue): ArrowType {
  return { type, isNested: false, convert };
}

function nestedType(type: DataType): ArrowType | undefined {
  if (DataType.isStruct(type)) return structOf(type);
  // Of a map's keys DuckDB demands that they differ and are present, so a map becomes a list of its pairs.
  const isMap = DataType.isMap(type);
  const isList = DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type);
  if (!isList && !isMap) return undefined;
  const inner = arrowType((type.children[0] as Field).type as DataType);
  if (inner === undefined) return undefined;
  const convert = (value: unknown, costs: CellCosts) => {
    const items: DuckDBValue[] = [];
    for (const item of isMap ? pairsOf(value) : (value as Iterable<unknown>)) items.push(convertedInside(inner, item, costs));
    return listValue(items);
  };
  return { type: LIST(inner.type), isNested: true, convert };
}

/** The pairs of a map as members of a struct. */
function* pairsOf(value: unknown): Generator<Iterable<StructMember>> {
  for (const [key, held] of value as Iterable<readonly [unknown, unknown]>) {
    yield [
      ["key", key],
      ["value", held],
    ];
  }
}

type StructMember = readonly [name: unknown, value: unknown];

function structOf(type: Struct): ArrowType | undefined {
  const inner = type.children.map((field) => arrowType(field.type as DataType));
  if (inner.length === 0 || !inner.every((found) => found !== undefined)) return undefined;
  const names = memberNames(type.children);
  const convert = (value: unknown, costs: CellCosts) => {
    const entries: Record<string, DuckDBValue> = {};
    let index = 0;
    for (const [, member] of value as Iterable<StructMember>) {
      entries[names[index]] = convertedInside(inner[index], member, costs);
      index++;
    }
    return structValue(entries);
  };
  return { type: STRUCT(Object.fromEntries(names.map((name, index) => [name, inner[index].type]))), isNested: true, convert };
}

/** DuckDB takes names that differ in upper and lower case only for the same, and none that are empty or numbers out of order. */
function memberNames(fields: readonly Field[]): readonly string[] {
  // The library returns null for an empty name. Objects would put names that are numbers before the others.
  const given = fields.map(({ name }, index) =>
    ((name as string | null) ?? "").replace(/^\d*$/, (text) => `field_${text || index}`),
  );
  const lower = distinctNames(given.map((name) => name.toLowerCase()));
  return given.map((name, index) => (name.toLowerCase() === lower[index] ? name : lower[index]));
}

function convertedInside(type: ArrowType, value: unknown, costs: CellCosts): DuckDBValue {
  costs.add(1 + (typeof value === "string" ? value.length / lettersOfCost : 0));
  return value === null || value === undefined ? null : type.convert(value, costs);
}

function bigIntOf(value: unknown): bigint {
  return BigInt(value as number | bigint);
}

function intervalOf(parts: Int32Array, { unit }: Interval): DuckDBIntervalValue {
  switch (unit) {
    case IntervalUnit.YEAR_MONTH:
      return new DuckDBIntervalValue(parts[0] * 12 + parts[1], 0, 0n);
    case IntervalUnit.DAY_TIME:
      return new DuckDBIntervalValue(0, parts[0], BigInt(parts[1]) * 1000n);
    case IntervalUnit.MONTH_DAY_NANO: {
      const nanoseconds = (BigInt(parts[3]) << 32n) | BigInt(parts[2] >>> 0);
      return new DuckDBIntervalValue(parts[0], parts[1], nanoseconds / 1000n);
    }
  }
}
