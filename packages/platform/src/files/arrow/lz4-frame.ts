/**
 * Decompresses LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md and doc/lz4_Block_format.md), for which Node has nothing.
 * A frame is a header, blocks of at most four million bytes each, and an end mark:
 *
 *   magic 4 | flags 1 | block size 1 | (content size 8) | header checksum 1 | blocks ... | 0 0 0 0 | (content checksum 4)
 *   block: size 4, highest bit set if it is stored as it is | bytes | (block checksum 4)
 */

import { xxHash32 } from "./xxhash32.ts";

/** Says what is wrong with a frame; callers know where it stands. */
export class FrameDamage extends Error {}

/** A byte of a compressed block stands for at most 255 bytes. */
const expansionMax = 255;
const magic = 0x184d2204;
const version = 1;
const storedBit = 0x8000_0000;
/** Length of the shortest match. */
const matchLengthMin = 4;
/** Shorter runs are copied byte by byte, which is faster than a call. */
const longRunBytes = 32;

interface FrameHeader {
  readonly isIndependent: boolean;
  readonly hasBlockChecksums: boolean;
  readonly hasContentChecksum: boolean;
  readonly contentBytes: number | undefined;
  readonly blockBytesMax: number;
  readonly end: number;
}

/**
 * Yields after each block, so that the caller can stop or run other events.
 * @param sizeBytes what the frame must become, exactly. Memory for it is taken only if the frame is long enough for so much.
 * @throws FrameDamage
 */
export function* decodeLz4Frame(frame: Uint8Array, sizeBytes: number): Generator<void, Uint8Array> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const header = readHeader(frame, view);
  const { contentBytes = sizeBytes, blockBytesMax } = header;
  if (contentBytes !== sizeBytes) throw new FrameDamage(`its LZ4 frame says that it becomes ${contentBytes} bytes`);
  if (sizeBytes > frame.length * expansionMax) {
    throw new FrameDamage(`an LZ4 frame of ${frame.length} bytes cannot become so many`);
  }
  const out = new Uint8Array(sizeBytes);
  let filled = 0;
  let at = header.end;
  for (;;) {
    const word = wordAt(view, at);
    at += 4;
    if (word === 0) break;
    const isStored = word >= storedBit;
    const end = at + (isStored ? word - storedBit : word);
    if (end > frame.length || end - at > blockBytesMax) throw new FrameDamage("a block of its LZ4 frame is cut off or too long");
    const outEnd = Math.min(sizeBytes, filled + blockBytesMax);
    const start = filled;
    if (!isStored) filled = decodeBlock({ bytes: frame, at, end }, { bytes: out, at: filled, end: outEnd }, header.isIndependent);
    else if (end - at <= outEnd - filled) {
      out.set(frame.subarray(at, end), filled);
      filled += end - at;
    } else throw tooLong();
    if (header.hasBlockChecksums) {
      requireChecksum(frame.subarray(at, end), wordAt(view, end));
      at = end + 4;
    } else at = end;
    if (filled === start) throw new FrameDamage("a block of its LZ4 frame is empty");
    yield;
  }
  if (filled !== sizeBytes) throw new FrameDamage(`its LZ4 frame becomes ${filled} bytes instead of ${sizeBytes}`);
  if (header.hasContentChecksum) {
    requireChecksum(out, wordAt(view, at));
    at += 4;
  }
  if (at !== frame.length) throw new FrameDamage(`${frame.length - at} bytes follow on its LZ4 frame`);
  return out;
}

function readHeader(frame: Uint8Array, view: DataView): FrameHeader {
  if (wordAt(view, 0) !== magic) throw new FrameDamage("it does not begin as an LZ4 frame");
  const [flags = 0, sizes = 0] = frame.subarray(4, 6);
  const has = (bit: number) => ((flags >> bit) & 1) === 1;
  const sizeCode = (sizes >> 4) & 7;
  if (flags >> 6 !== version || has(1) || (sizes & 0x8f) !== 0 || sizeCode < 4) {
    throw new FrameDamage("its LZ4 frame has an unknown header");
  }
  if (has(0)) throw new FrameDamage("its LZ4 frame needs a dictionary");
  const checksumAt = has(3) ? 14 : 6;
  if (checksumAt >= frame.length) throw new FrameDamage("its LZ4 frame is cut off");
  const contentBytes = has(3) ? view.getUint32(6, true) + view.getUint32(10, true) * 2 ** 32 : undefined;
  if (((xxHash32(frame.subarray(4, checksumAt)) >> 8) & 0xff) !== frame[checksumAt]) throw wrongChecksum();
  return {
    isIndependent: has(5),
    hasBlockChecksums: has(4),
    hasContentChecksum: has(2),
    contentBytes,
    blockBytesMax: 2 ** (8 + 2 * sizeCode),
    end: checksumAt + 1,
  };
}

function wordAt(view: DataView, at: number): number {
  if (at + 4 > view.byteLength) throw new FrameDamage("its LZ4 frame is cut off");
  return view.getUint32(at, true);
}

function requireChecksum(bytes: Uint8Array, checksum: number): void {
  if (xxHash32(bytes) !== checksum) throw wrongChecksum();
}

function wrongChecksum(): FrameDamage {
  return new FrameDamage("its LZ4 frame has another checksum than its bytes");
}

function tooLong(): FrameDamage {
  return new FrameDamage("its LZ4 frame becomes more bytes than it says");
}

interface Range {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

/**
 * A block is a row of sequences: bytes to copy from the block, then a match, which is bytes to repeat from what has been written.
 * The last sequence has no match.
 * @returns where the output ends.
 */
function decodeBlock(source: Range, target: Range, isIndependent: boolean): number {
  const { bytes: from, end } = source;
  const { bytes: out, end: outEnd } = target;
  const floor = isIndependent ? target.at : 0;
  let [at, filled] = [source.at, target.at];
  while (at < end) {
    const token = from[at++];
    let runLength = token >> 4;
    if (runLength === 15) {
      let more = 255;
      for (; more === 255 && at < end; at++) runLength += more = from[at];
    }
    if (runLength > end - at) throw new FrameDamage("a block of its LZ4 frame points outside of it");
    if (runLength > outEnd - filled) throw tooLong();
    if (runLength > longRunBytes) out.set(from.subarray(at, at + runLength), filled);
    else for (let index = 0; index < runLength; index++) out[filled + index] = from[at + index];
    at += runLength;
    filled += runLength;
    if (at === end) return filled;
    if (end - at < 2) throw new FrameDamage("a block of its LZ4 frame is cut off");
    const distance = from[at] | (from[at + 1] << 8);
    at += 2;
    let matchLength = token & 15;
    if (matchLength === 15) {
      let more = 255;
      for (; more === 255 && at < end; at++) matchLength += more = from[at];
    }
    matchLength += matchLengthMin;
    if (distance === 0 || distance > filled - floor)
      throw new FrameDamage("a block of its LZ4 frame repeats bytes before its start");
    if (matchLength > outEnd - filled) throw tooLong();
    // A match may overlap what it writes: then the bytes repeat, which copyWithin would not do.
    if (matchLength > longRunBytes && distance >= matchLength)
      out.copyWithin(filled, filled - distance, filled - distance + matchLength);
    else for (let index = filled; index < filled + matchLength; index++) out[index] = out[index - distance];
    filled += matchLength;
  }
  throw new FrameDamage("a block of its LZ4 frame does not end with bytes of its own");
}
