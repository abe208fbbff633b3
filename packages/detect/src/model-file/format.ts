/**
 * The model file, byte by byte. All numbers are little-endian.
 *
 *     0        6         8              12             16                  align 64        align 64
 *     | NOMALY | version | headerLength | headerSum    | header, JSON UTF-8 | 0 | array 0 | 0 | array 1 ...|
 *     | 6      | uint16  | uint32       | uint32       | headerLength       |   |         |   |            |
 *
 * The header is `{"arrays": [{"checksum", "length", "name", "offset", "type"}, ...], "header": {...}}` with sorted keys.
 * Arrays stand in the order of their table, each at the next multiple of 64, gaps zero, nothing behind the last: equal
 * content has equal bytes, and ranges cannot overlap. Checksums are XXH32.
 */

import type { StateArray, StateValue } from "../detector/detector.ts";
import { NomalyError } from "../errors.ts";

export const magic = "NOMALY";
/**
 * The newest version that is read; raised when a reader of the old version could not read a new file. Every older version stays
 * readable, and a file has the lowest version whose readers understand it. 1: the first. 2: the pipeline has a presence column.
 */
export const formatVersion = 2;
export const prefixBytes = 16;
export const alignment = 64;

export const headerBytesMax = 16 * 1024 * 1024;
export const arrayCountMax = 4096;
/** Bytes of one array: the largest typed array that every current engine allows. */
export const arrayBytesMax = 2 ** 33;
/** Nesting of the header: far above what a model needs, far below what a call stack bears. */
export const headerDepthMax = 64;
/** Names that an array may have. */
export const arrayNamePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;

export const arrayTypes = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
} as const;

export type ArrayTypeName = keyof typeof arrayTypes;

/** What a model file holds: JSON-safe values and named arrays. */
export interface ModelFileContent {
  readonly header: Readonly<Record<string, StateValue>>;
  readonly arrays: Readonly<Record<string, StateArray>>;
}

export interface ArrayEntry {
  readonly name: string;
  readonly type: ArrayTypeName;
  /** Elements, not bytes. */
  readonly length: number;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly checksum: number;
}

export function alignUp(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

export function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}

/** No current JavaScript engine runs on a big-endian machine; there the arrays would have to be turned round. */
export function requireLittleEndian(): void {
  if (!isLittleEndian())
    throw new NomalyError("UNSUPPORTED", "model files can be read and written on little-endian machines only");
}

/** `field` names the part of the file at fault. */
export function damagedFile(message: string, field?: string): NomalyError {
  return new NomalyError("MODEL_FILE", message, field === undefined ? {} : { field });
}
