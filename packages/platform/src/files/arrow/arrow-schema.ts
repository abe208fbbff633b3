/** Reads and checks the schema of an Arrow file or stream: its fields, and the buffers of each type. */

import { ArrowDamage, type FlatTable, type MetadataBudget } from "./arrow-flatbuffer.ts";

/** The buffers of a type, after the validity buffer. */
export type ArrowLayout =
  | { readonly kind: "none" }
  | { readonly kind: "fixed"; readonly widthBytes: number }
  | { readonly kind: "bits" }
  | { readonly kind: "texts"; readonly offsetBytes: 4 | 8 }
  | { readonly kind: "views" }
  | { readonly kind: "list"; readonly offsetBytes: 4 | 8 }
  | { readonly kind: "list view"; readonly offsetBytes: 4 | 8 }
  | { readonly kind: "fixed list"; readonly listSize: number }
  | { readonly kind: "struct" }
  | { readonly kind: "union"; readonly isDense: boolean; readonly childOfTypeId: ReadonlyMap<number, number> }
  | { readonly kind: "runs" };

/** The column holds indexes into this dictionary. */
export interface ArrowDictionary {
  readonly id: number;
  readonly indexBytes: 1 | 2 | 4 | 8;
}

export interface ArrowField {
  readonly name: string;
  /** Layout of the values, or of the dictionary's values for a dictionary-encoded field. */
  readonly layout: ArrowLayout;
  readonly children: readonly ArrowField[];
  readonly dictionary?: ArrowDictionary;
  /** Text of the type, equal for equal types. */
  readonly typeText: string;
}

export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  /** A field for each dictionary, by id; its type is that of the dictionary's values. */
  readonly dictionaries: ReadonlyMap<number, ArrowField>;
}

/** The Arrow library fails on the whole file where a column has one of these layouts, anywhere in it. */
const unreadKinds: ReadonlySet<ArrowLayout["kind"]> = new Set(["list view", "runs"]);

/** True for a column that the Arrow library does not know. */
export function isUnread({ layout, children }: ArrowField): boolean {
  return unreadKinds.has(layout.kind) || children.some(isUnread);
}

const depthMax = 64;
/** Limit of all fields of a schema, including those within lists and structs. */
const nestedFieldCountMax = 100_000;
const typeIdMax = 127;
const metadataPairCountMax = 1_000_000;
const littleEndian = 0;

interface Reading {
  readonly budget: MetadataBudget;
  readonly dictionaries: Map<number, ArrowField>;
  fieldCount: number;
  pairCount: number;
}

/** @throws ArrowDamage */
export function readArrowSchema(table: FlatTable, budget: MetadataBudget): ArrowSchema {
  if (table.int16(0, littleEndian) !== littleEndian) throw new ArrowDamage("its numbers have their bytes in big-endian order");
  const reading: Reading = { budget, dictionaries: new Map(), fieldCount: 0, pairCount: 0 };
  const fields: ArrowField[] = [];
  for (const field of table.tables(1, "the schema")) fields.push(readField(field, `column ${fields.length}`, reading, 1));
  readPairs(table, 2, "the schema", reading);
  return { fields, dictionaries: reading.dictionaries };
}

function readField(table: FlatTable, place: string, reading: Reading, depth: number): ArrowField {
  if (depth > depthMax) throw new ArrowDamage(`${place} is nested deeper than ${depthMax} levels`);
  if (++reading.fieldCount > nestedFieldCountMax) throw new ArrowDamage(`it has more than ${nestedFieldCountMax} fields`);
  const name = table.text(0, `the name of ${place}`, reading.budget) ?? "";
  const what = name === "" ? place : `column ${JSON.stringify(name)}`;
  const children: ArrowField[] = [];
  for (const child of table.tables(5, what)) {
    children.push(readField(child, `${what}, field ${children.length}`, reading, depth + 1));
  }
  readPairs(table, 6, what, reading);
  const { layout, text } = readType(table, what, children.length, reading.budget);
  requireChildCount(layout, children, what);
  if (text === "Map" && !(children[0].layout.kind === "struct" && children[0].children.length === 2)) {
    throw new ArrowDamage(`${what} is a map whose entries are not pairs`);
  }
  const inner = children.map((child) => `${JSON.stringify(child.name)} ${child.typeText}`).join(", ");
  const encoding = table.table(4, what);
  const dictionary = encoding === undefined ? undefined : readDictionary(encoding, what);
  const field = { name, layout, children, typeText: `${text}(${inner})`, ...(dictionary && { dictionary }) };
  if (dictionary !== undefined) keepDictionary(dictionary.id, field, what, reading);
  return field;
}

function keepDictionary(id: number, field: ArrowField, what: string, { dictionaries }: Reading): void {
  const known = dictionaries.get(id);
  if (known !== undefined && known.typeText !== field.typeText) {
    throw new ArrowDamage(`${what} shares dictionary ${id} with a column of another type`);
  }
  dictionaries.set(id, field);
}

function readDictionary(table: FlatTable, what: string): ArrowDictionary {
  // Without a type, indexes have 32 bits. They are read unsigned, so a negative one is outside every dictionary.
  const bits = table.table(1, what)?.int32(0, 0) ?? 32;
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64)
    throw new ArrowDamage(`${what} has dictionary places of ${bits} bits`);
  return { id: table.int64(0, 0), indexBytes: (bits / 8) as ArrowDictionary["indexBytes"] };
}

/** Checks the metadata of a schema or field, which is not used, but which the Arrow library reads. */
export function readPairs(
  table: FlatTable,
  slot: number,
  what: string,
  reading: { readonly budget: MetadataBudget; pairCount: number },
): void {
  for (const pair of table.tables(slot, `a note of ${what}`)) {
    if (++reading.pairCount > metadataPairCountMax) throw new ArrowDamage(`it has more than ${metadataPairCountMax} notes`);
    pair.text(0, `a note of ${what}`, reading.budget);
    pair.text(1, `a note of ${what}`, reading.budget);
  }
}

function requireChildCount(layout: ArrowLayout, children: readonly ArrowField[], what: string): void {
  const expected = { list: 1, "list view": 1, "fixed list": 1, runs: 2 } as const;
  const { kind } = layout;
  if (kind === "struct" || kind === "union") return;
  const wanted = kind in expected ? expected[kind as keyof typeof expected] : 0;
  if (children.length !== wanted) throw new ArrowDamage(`${what} has ${children.length} inner fields where ${wanted} belong`);
  if (kind !== "runs") return;
  const [ends] = children;
  const isWhole = /^Int(16|32|64)\(\)$/.test(ends.typeText);
  if (!isWhole) throw new ArrowDamage(`${what} has ends of runs of the type ${ends.typeText}`);
}

interface TypeRead {
  readonly layout: ArrowLayout;
  /** The library's name of the type. */
  readonly text: string;
}

const fixed = (widthBytes: number): ArrowLayout => ({ kind: "fixed", widthBytes });
const texts = (offsetBytes: 4 | 8): ArrowLayout => ({ kind: "texts", offsetBytes });

/** Types without parameters, by their number in the format. */
const plainTypes: ReadonlyMap<number, TypeRead> = new Map([
  [1, { layout: { kind: "none" }, text: "Null" }],
  [4, { layout: texts(4), text: "Binary" }],
  [5, { layout: texts(4), text: "Utf8" }],
  [6, { layout: { kind: "bits" }, text: "Bool" }],
  [12, { layout: { kind: "list", offsetBytes: 4 }, text: "List" }],
  [13, { layout: { kind: "struct" }, text: "Struct" }],
  [17, { layout: { kind: "list", offsetBytes: 4 }, text: "Map" }],
  [19, { layout: texts(8), text: "LargeBinary" }],
  [20, { layout: texts(8), text: "LargeUtf8" }],
  [21, { layout: { kind: "list", offsetBytes: 8 }, text: "LargeList" }],
  [22, { layout: { kind: "runs" }, text: "RunEndEncoded" }],
  [23, { layout: { kind: "views" }, text: "BinaryView" }],
  [24, { layout: { kind: "views" }, text: "Utf8View" }],
  [25, { layout: { kind: "list view", offsetBytes: 4 }, text: "ListView" }],
  [26, { layout: { kind: "list view", offsetBytes: 8 }, text: "LargeListView" }],
] as const);

function readType(table: FlatTable, what: string, childCount: number, budget: MetadataBudget): TypeRead {
  const id = table.uint8(2, 0);
  const type = table.table(3, `the type of ${what}`);
  if (type === undefined) throw new ArrowDamage(`${what} has no type`);
  const plain = plainTypes.get(id);
  if (plain !== undefined) return plain;
  const unit = type.int16(0, 0);
  const unitIn = (units: readonly number[]): number => {
    const width = units[unit];
    if (width === undefined) throw new ArrowDamage(`${what} has the unknown unit ${unit}`);
    return width;
  };
  switch (id) {
    case 2:
      return {
        layout: fixed(bitsIn(type.int32(0, 0), [8, 16, 32, 64], what)),
        text: `${type.uint8(1, 0) === 0 ? "Uint" : "Int"}${type.int32(0, 0)}`,
      };
    case 3:
      return { layout: fixed(unitIn([2, 4, 8])), text: `Float${unit}` };
    case 7:
      return decimalOf(type, what);
    case 8:
      return dateOf(type, what);
    case 9:
      return timeOf(type, what);
    case 10:
      unitIn([8, 8, 8, 8]);
      return { layout: fixed(8), text: `Timestamp${unit} ${type.text(1, `the zone of ${what}`, budget) ?? ""}` };
    case 11:
      return { layout: fixed(unitIn([4, 8, 16])), text: `Interval${unit}` };
    case 14:
      return unionOf(type, what, childCount);
    case 15:
      return { layout: fixed(notNegative(type.int32(0, 0), what)), text: `FixedSizeBinary${type.int32(0, 0)}` };
    case 16:
      return {
        layout: { kind: "fixed list", listSize: notNegative(type.int32(0, 0), what) },
        text: `FixedSizeList${type.int32(0, 0)}`,
      };
    case 18:
      return { layout: fixed(8), text: `Duration${type.int16(0, 1)}` };
    default:
      throw new ArrowDamage(`${what} has the unknown type number ${id}`);
  }
}

function bitsIn(bits: number, allowed: readonly number[], what: string): number {
  if (allowed.includes(bits)) return bits / 8;
  throw new ArrowDamage(`${what} has values of ${bits} bits`);
}

function notNegative(size: number, what: string): number {
  if (size >= 0) return size;
  throw new ArrowDamage(`${what} has values of the size ${size}`);
}

function decimalOf(type: FlatTable, what: string): TypeRead {
  const [precision, scale, bits] = [type.int32(0, 0), type.int32(1, 0), type.int32(2, 128)];
  if (precision < 1 || precision > 76 || Math.abs(scale) > 128) {
    throw new ArrowDamage(`${what} has decimals of ${precision} digits, ${scale} of them behind the point`);
  }
  return { layout: fixed(bitsIn(bits, [32, 64, 128, 256], what)), text: `Decimal${bits} ${precision} ${scale}` };
}

function dateOf(type: FlatTable, what: string): TypeRead {
  const unit = type.int16(0, 1);
  if (unit !== 0 && unit !== 1) throw new ArrowDamage(`${what} has the unknown unit ${unit}`);
  return { layout: fixed(unit === 0 ? 4 : 8), text: `Date${unit}` };
}

function timeOf(type: FlatTable, what: string): TypeRead {
  const [unit, bits] = [type.int16(0, 1), type.int32(1, 32)];
  const wanted = unit === 0 || unit === 1 ? 32 : 64;
  if (unit < 0 || unit > 3 || bits !== wanted) throw new ArrowDamage(`${what} has times of ${bits} bits in the unit ${unit}`);
  return { layout: fixed(bits / 8), text: `Time${unit}` };
}

function unionOf(type: FlatTable, what: string, childCount: number): TypeRead {
  const mode = type.int16(0, 0);
  if (mode !== 0 && mode !== 1) throw new ArrowDamage(`${what} has the unknown union mode ${mode}`);
  const named = type.has(1) ? type.vector(1, 4, what) : undefined;
  const count = named?.count ?? childCount;
  if (count !== childCount || count > typeIdMax + 1)
    throw new ArrowDamage(`${what} has ${childCount} inner fields and ${count} numbers for them`);
  const childOfTypeId = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    const id = named?.int32(index, 0) ?? index;
    if (id < 0 || id > typeIdMax || childOfTypeId.has(id))
      throw new ArrowDamage(`${what} has the number ${id} for an inner field`);
    childOfTypeId.set(id, index);
  }
  const text = `Union${mode} ${[...childOfTypeId.keys()].join(" ")}`;
  return { layout: { kind: "union", isDense: mode === 1, childOfTypeId }, text };
}
