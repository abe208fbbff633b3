/** Writes a model file. */

import type { StateArray } from "../detector/detector.ts";
import { assert } from "../errors.ts";
import type { OwnBytes } from "../shared-memory.ts";
import { canonicalJson } from "./canonical-json.ts";
import { checksumOf } from "./checksum.ts";
import type { ArrayEntry, ArrayTypeName, ModelFileContent } from "./format.ts";
import {
  alignUp,
  arrayBytesMax,
  arrayCountMax,
  arrayNamePattern,
  arrayTypes,
  formatVersion,
  headerBytesMax,
  magic,
  prefixBytes,
  requireLittleEndian,
} from "./format.ts";

/**
 * Equal content gives equal bytes. `format.ts` draws the layout.
 * Content comes from our own models, so what does not fit the format is an internal error.
 * @param version the lowest whose readers understand the content.
 */
export function encodeModelFile(content: ModelFileContent, version = 1): OwnBytes {
  requireLittleEndian();
  assert(version <= formatVersion, `format ${version} is not written`);
  const names = Object.keys(content.arrays).sort();
  assert(names.length <= arrayCountMax, `a model file holds at most ${arrayCountMax} arrays, got ${names.length}`);
  const unplaced = names.map((name) => describeArray(name, content.arrays[name]));
  const { header, entries } = placeArrays(content, unplaced);

  const end = entries.reduce((offset, entry) => alignUp(offset) + bytesOf(entry), prefixBytes + header.length);
  const bytes = new Uint8Array(end);
  const prefix = new DataView(bytes.buffer);
  for (let i = 0; i < magic.length; i++) prefix.setUint8(i, magic.charCodeAt(i));
  prefix.setUint16(6, version, true);
  prefix.setUint32(8, header.length, true);
  prefix.setUint32(12, checksumOf(header), true);
  bytes.set(header, prefixBytes);
  for (const entry of entries) bytes.set(bytesUnder(content.arrays[entry.name]), entry.offset);
  return bytes;
}

function describeArray(name: string, array: StateArray): ArrayEntry {
  assert(arrayNamePattern.test(name), `"${name}" cannot name an array in a model file`);
  assert(array.byteLength <= arrayBytesMax, `array "${name}" has ${array.byteLength} bytes, the limit is ${arrayBytesMax}`);
  const type = (Object.keys(arrayTypes) as ArrayTypeName[]).find((candidate) => array instanceof arrayTypes[candidate]);
  assert(type !== undefined, `array "${name}" is of a type that a model file cannot hold`);
  return { name, type, length: array.length, offset: 0, checksum: checksumOf(bytesUnder(array)) };
}

/** Offsets stand in the header, and the header's length moves them: repeats until both agree. */
function placeArrays(content: ModelFileContent, unplaced: readonly ArrayEntry[]) {
  const encoder = new TextEncoder();
  let headerLength = 0;
  // The header grows by a few digits at most, and never shrinks: the second or third round settles it.
  for (let round = 0; round < 8; round++) {
    let offset = prefixBytes + headerLength;
    const entries = unplaced.map((entry) => {
      const placed = { ...entry, offset: alignUp(offset) };
      offset = placed.offset + bytesOf(entry);
      return placed;
    });
    const header = encoder.encode(canonicalJson({ header: content.header, arrays: entries.map((entry) => ({ ...entry })) }));
    assert(header.length <= headerBytesMax, `the header has ${header.length} bytes, the limit is ${headerBytesMax}`);
    if (header.length === headerLength) return { header, entries };
    headerLength = header.length;
  }
  throw new Error("internal: the header of a model file did not settle");
}

function bytesOf(entry: ArrayEntry): number {
  return entry.length * arrayTypes[entry.type].BYTES_PER_ELEMENT;
}

function bytesUnder(array: StateArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
