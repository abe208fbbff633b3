/**
 * Encodes values as bytes for level 2.
 *
 *     byte 0       high half: version of this format, low half: codec
 *     byte 1...    JSON text or plain bytes, compressed where the codec says so
 *
 * Decoding trusts nothing: it checks length, then structure, then content.
 */

import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

/** `undefined` means that the value does not exist, which is cached too. */
export interface Decoded {
  readonly value: unknown;
}

export interface CodecLimits {
  /** The largest size of a value before compression, and after inflation. */
  readonly plainBytesMax: number;
}

/** Larger values are compressed. */
export const plainBytesKept = 1000;

const version = 0x10;
const json = version | 1;
const jsonCompressed = version | 2;
const bytes = version | 3;
const bytesCompressed = version | 4;
const absent = version | 5;

// Asynchronous, on Node's thread pool, so that a large value does not block other requests.
const compress = promisify<Uint8Array, { level: number }, Buffer>(gzip);
const inflate = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip);
/** The fastest level: higher ones gain little for numbers as text. */
const compressionLevel = 1;

/** @returns undefined when the value is over the limit. */
export async function encodeValue(value: unknown, { plainBytesMax }: CodecLimits): Promise<Uint8Array | undefined> {
  if (value === undefined) return Uint8Array.of(absent);
  const isBytes = value instanceof Uint8Array;
  const plain = isBytes ? value : Buffer.from(JSON.stringify(value));
  if (plain.byteLength > plainBytesMax) return undefined;
  if (plain.byteLength > plainBytesKept) {
    const compressed = await compress(plain, { level: compressionLevel });
    // Compressing random bytes makes them longer: they are stored plain.
    if (compressed.byteLength < plain.byteLength) return withCodec(isBytes ? bytesCompressed : jsonCompressed, compressed);
  }
  return withCodec(isBytes ? bytes : json, plain);
}

/** @returns undefined for bytes that no `encodeValue` of this version made, or for a value over the limit. */
export async function decodeValue(encoded: Uint8Array, { plainBytesMax }: CodecLimits): Promise<Decoded | undefined> {
  if (encoded.byteLength === 0) return undefined;
  const payload = encoded.subarray(1);
  try {
    switch (encoded[0]) {
      case absent:
        return payload.byteLength === 0 ? { value: undefined } : undefined;
      case json:
        return payload.byteLength > plainBytesMax ? undefined : fromJson(payload);
      case jsonCompressed:
        return fromJson(await inflate(payload, { maxOutputLength: plainBytesMax }));
      case bytes:
        return payload.byteLength > plainBytesMax ? undefined : { value: Uint8Array.from(payload) };
      case bytesCompressed:
        return { value: Uint8Array.from(await inflate(payload, { maxOutputLength: plainBytesMax })) };
      default:
        return undefined;
    }
  } catch {
    // Not gzip, too large once inflated, or not JSON: the caller loads the value instead.
    return undefined;
  }
}

function fromJson(payload: Uint8Array): Decoded {
  return { value: JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("utf8")) as unknown };
}

function withCodec(codec: number, payload: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(payload.byteLength + 1);
  encoded[0] = codec;
  encoded.set(payload, 1);
  return encoded;
}
