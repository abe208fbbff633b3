/** Reads a model file that may come from anywhere: length, then checksums, then structure, then content. Nothing in it is run. */

import type { StateArray, StateValue } from "../detector/detector.ts";
import { hasSharedMemory } from "../shared-memory.ts";
import { checksumOf } from "./checksum.ts";
import type { ArrayEntry, ArrayTypeName, ModelFileContent } from "./format.ts";
import {
  alignUp,
  arrayBytesMax,
  arrayCountMax,
  arrayNamePattern,
  arrayTypes,
  damagedFile,
  formatVersion,
  headerBytesMax,
  headerDepthMax,
  magic,
  prefixBytes,
  requireLittleEndian,
} from "./format.ts";

const entryFields = ["checksum", "length", "name", "offset", "type"];

/**
 * Gives back what {@link encodeModelFile} was given. Arrays are copies on memory of their own, shared where the platform
 * has it, so that threads can score with the model without another copy.
 * Never allocates more than a small multiple of the bytes given.
 * @throws NomalyError MODEL_FILE saying what is wrong: not a model file, cut short, newer version, damaged header or array.
 */
export function decodeModelFile(bytes: Uint8Array): ModelFileContent {
  requireLittleEndian();
  const headerBytes = readHeaderBytes(bytes);
  const { header, arrays } = parseHeader(headerBytes);
  const entries = checkTable(arrays, prefixBytes + headerBytes.length, bytes.length);
  checkGaps(bytes, entries, prefixBytes + headerBytes.length);
  for (const entry of entries) {
    if (checksumOf(rangeOf(bytes, entry)) !== entry.checksum) {
      throw damagedFile(`the model file is damaged: the checksum of its array "${entry.name}" differs`, entry.name);
    }
  }
  return { header, arrays: Object.fromEntries(entries.map((entry) => [entry.name, copyArray(bytes, entry)])) };
}

function readHeaderBytes(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < magic.length; i++) {
    if (bytes[i] !== magic.charCodeAt(i)) {
      throw damagedFile(`this is not a model file: it must start with "${magic}", got ${bytes.length} other bytes`);
    }
  }
  if (bytes.length < prefixBytes)
    throw damagedFile(`the model file is cut short: it has ${bytes.length} bytes, a header needs more`);
  const prefix = new DataView(bytes.buffer, bytes.byteOffset, prefixBytes);
  const version = prefix.getUint16(6, true);
  if (version > formatVersion) {
    throw damagedFile(`the model file has format ${version}, written by a newer version; this one reads up to ${formatVersion}`);
  }
  if (version === 0) throw damagedFile("the model file is damaged: its format is 0, the first is 1");
  const length = prefix.getUint32(8, true);
  if (length > headerBytesMax)
    throw damagedFile(`the model file's header claims ${length} bytes, the limit is ${headerBytesMax}`);
  if (bytes.length < prefixBytes + length) {
    throw damagedFile(`the model file is cut short: its header needs ${prefixBytes + length} bytes, got ${bytes.length}`);
  }
  const header = bytes.subarray(prefixBytes, prefixBytes + length);
  if (checksumOf(header) !== prefix.getUint32(12, true)) {
    throw damagedFile("the model file is damaged: the checksum of its header differs", "header");
  }
  return header;
}

type JsonObject = Readonly<Record<string, StateValue>>;

function parseHeader(headerBytes: Uint8Array): { header: JsonObject; arrays: readonly StateValue[] } {
  let parsed: StateValue;
  try {
    // A copy, since a decoder refuses shared memory.
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(headerBytes))) as StateValue;
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw damagedFile("the model file's header is not JSON", "header");
  }
  requireTameJson(parsed, 0);
  if (!isObject(parsed) || !isObject(parsed["header"]) || !isList(parsed["arrays"])) {
    throw damagedFile('the model file\'s header has no "header" object and "arrays" list', "header");
  }
  return { header: parsed["header"], arrays: parsed["arrays"] };
}

/** Requires bounded depth, finite numbers, and no key that could reach a prototype when code copies the values. */
function requireTameJson(value: StateValue, depth: number): void {
  if (depth > headerDepthMax) throw damagedFile(`the model file's header is nested deeper than ${headerDepthMax}`, "header");
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw damagedFile("the model file's header holds a number beyond float64", "header");
  }
  if (typeof value !== "object" || value === null) return;
  if (Object.hasOwn(value, "__proto__")) throw damagedFile('the model file\'s header has a key "__proto__"', "header");
  for (const item of Object.values(value)) requireTameJson(item, depth + 1);
}

/** Offsets must be the ones that the lengths give, so ranges cannot overlap and nothing stands between or behind. */
function checkTable(table: readonly StateValue[], headerEnd: number, byteCount: number): ArrayEntry[] {
  if (table.length > arrayCountMax) {
    throw damagedFile(`the model file lists ${table.length} arrays, the limit is ${arrayCountMax}`, "arrays");
  }
  const names = new Set<string>();
  let end = headerEnd;
  const entries = table.map((candidate, index) => {
    const entry = checkEntry(candidate, index);
    if (names.has(entry.name)) throw damagedFile(`the model file lists array "${entry.name}" twice`, entry.name);
    names.add(entry.name);
    const expected = alignUp(end);
    if (entry.offset !== expected) {
      throw damagedFile(`array "${entry.name}" must start at byte ${expected}, the model file says ${entry.offset}`, entry.name);
    }
    end = expected + entry.length * arrayTypes[entry.type].BYTES_PER_ELEMENT;
    return entry;
  });
  if (byteCount < end) throw damagedFile(`the model file is cut short: it needs ${end} bytes, got ${byteCount}`);
  if (byteCount > end) throw damagedFile(`the model file has ${byteCount - end} bytes behind its end`);
  return entries;
}

function checkEntry(candidate: StateValue, index: number): ArrayEntry {
  if (!isObject(candidate) || Object.keys(candidate).sort().join() !== entryFields.join()) {
    throw damagedFile(`entry ${index} of the model file's arrays must have ${entryFields.join(", ")}`, `arrays[${index}]`);
  }
  const { name, type, length, offset, checksum } = candidate;
  const sound =
    typeof name === "string" &&
    arrayNamePattern.test(name) &&
    typeof type === "string" &&
    Object.hasOwn(arrayTypes, type) &&
    isCount(length) &&
    length <= arrayBytesMax &&
    isCount(offset) &&
    isCount(checksum);
  if (!sound) throw damagedFile(`entry ${index} of the model file's arrays is not valid`, `arrays[${index}]`);
  return { name, type: type as ArrayTypeName, length, offset, checksum };
}

function isCount(value: StateValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The bytes between arrays are zero: so every byte of the file is checked by something. */
function checkGaps(bytes: Uint8Array, entries: readonly ArrayEntry[], headerEnd: number): void {
  let end = headerEnd;
  for (const entry of entries) {
    for (let at = end; at < entry.offset; at++) {
      if (bytes[at] !== 0)
        throw damagedFile(`the model file is damaged: byte ${at}, before array "${entry.name}", is not 0`, entry.name);
    }
    end = entry.offset + rangeOf(bytes, entry).length;
  }
}

function rangeOf(bytes: Uint8Array, entry: ArrayEntry): Uint8Array {
  return bytes.subarray(entry.offset, entry.offset + entry.length * arrayTypes[entry.type].BYTES_PER_ELEMENT);
}

function copyArray(bytes: Uint8Array, entry: ArrayEntry): StateArray {
  const range = rangeOf(bytes, entry);
  const buffer: ArrayBufferLike = hasSharedMemory ? new SharedArrayBuffer(range.length) : new ArrayBuffer(range.length);
  new Uint8Array(buffer).set(range);
  const Type: new (buffer: ArrayBufferLike) => StateArray = arrayTypes[entry.type];
  return new Type(buffer);
}

function isObject(value: StateValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: StateValue | undefined): value is readonly StateValue[] {
  return Array.isArray(value);
}
