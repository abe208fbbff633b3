/** Tells the encoding of a text file from its bytes. */

import { isAscii, isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { throwIfAborted } from "@nomaly/detect";
import { wrongValue } from "../wrong-value.ts";

/** A label that TextDecoder knows; undefined is UTF-8. */
export type Encoding = string | undefined;

/** Bytes held against UTF-8: a file whose first other letter stands further down is refused when it is read. */
const checkedBytesMax = 64 * 1024 ** 2;
const chunkBytes = 1024 ** 2;
/** Of a letter in UTF-8 that the end of a chunk cuts. */
const cutBytesMax = 3;

/** @throws NomalyError USAGE for an encoding that is not known. */
export function parseEncoding(text: string): string {
  try {
    return new TextDecoder(text).encoding;
  } catch {
    throw wrongValue("encoding", "the name of an encoding such as utf-8, windows-1252 or utf-16le", text);
  }
}

/**
 * UTF-16 by its mark or its zero bytes; windows-1252 where bytes are not UTF-8 and none is a letter of it.
 * @throws NomalyError ABORTED.
 */
export async function encodingOf(path: string, head: Uint8Array, signal: AbortSignal): Promise<Encoding> {
  const utf16 = utf16Of(head);
  if (utf16 !== undefined) return utf16;
  // Bytes that no text has: the reader says where.
  return head.includes(0) ? undefined : byteEncodingOf(path, signal);
}

function utf16Of(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const zeros = [0, 0];
  const length = Math.min(head.length, 1000) & ~1;
  for (let at = 0; at < length; at++) {
    if (head[at] === 0) zeros[at % 2]++;
    // Numbers of a binary file have bytes that no text has.
    else if (head[at] < 0x20 && !isBlank(head[at])) return undefined;
  }
  const [even, odd] = zeros.map((count) => count / (length / 2));
  // Digits, delimiters and most letters of a table have a zero in one of their two bytes.
  if (odd > zeroShareMin && even === 0) return "utf-16le";
  return even > zeroShareMin && odd === 0 ? "utf-16be" : undefined;
}

const zeroShareMin = 0.7;

/** A tabulator or the end of a line. */
function isBlank(byte: number): boolean {
  return byte === 9 || byte === 10 || byte === 13;
}

/** Letters of UTF-8 beyond ASCII, in bytes as Latin-1. */
const utf8Letter = /[\u00c2-\u00df][\u0080-\u00bf]|[\u00e0-\u00ef][\u0080-\u00bf]{2}|[\u00f0-\u00f4][\u0080-\u00bf]{3}/;
/** Bytes that windows-1252 does not have. */
const noLetter = /[\u0081\u008d\u008f\u0090\u009d]/;

async function byteEncodingOf(path: string, signal: AbortSignal): Promise<Encoding> {
  const file = await open(path);
  try {
    const chunk = Buffer.alloc(chunkBytes);
    let kept = 0;
    let hasLetters = false;
    for (let read = 0; read < checkedBytesMax;) {
      throwIfAborted(signal);
      const { bytesRead } = await file.read(chunk, kept, chunkBytes - kept, read);
      const bytes = chunk.subarray(0, kept + bytesRead);
      const whole = bytes.length - (bytesRead === 0 ? 0 : cutLetterBytes(bytes));
      const letters = bytes.subarray(0, whole);
      if (!isUtf8(letters)) {
        const text = bytes.toString("latin1");
        return hasLetters || utf8Letter.test(text) || noLetter.test(text) ? undefined : "windows-1252";
      }
      if (bytesRead === 0) return undefined;
      hasLetters ||= !isAscii(letters);
      read += bytesRead;
      kept = bytes.length - whole;
      bytes.copy(chunk, 0, whole);
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/** Bytes at the end that begin a letter which goes on in the next chunk. */
function cutLetterBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(cutBytesMax, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}
