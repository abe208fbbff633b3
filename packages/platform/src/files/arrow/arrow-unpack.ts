/**
 * Unpacks an Arrow file or stream whose buffers are compressed: the same messages with plain buffers, which are then checked and read as
 * if they had been written like that. What the buffers say that they become is added up before any of them is unpacked, and none becomes
 * more than it says.
 */

import { closeSync, openSync, statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { throwIfAborted } from "@nomaly/detect";
import { alignmentBytes, type BufferRange } from "./arrow-batch.ts";
import { type ArrowBytes, bytesInMemory, bytesOfFile } from "./arrow-bytes.ts";
import { type ArrowContent, type ArrowValues, messageCountMax, readContent, valuesOf } from "./arrow-content.ts";
import { type ArrowFaults, bodyFaults, codedFault, faultsOfFile } from "./arrow-faults.ts";
import { ArrowDamage } from "./arrow-flatbuffer.ts";
import { headBytes, magic } from "./arrow-footer.ts";
import { codecOf, type PackedBuffer, packedBuffers } from "./arrow-packed.ts";
import { plainMessage } from "./arrow-plain-message.ts";
import { decodeLz4Frame, FrameDamage } from "./lz4-frame.ts";
import { spoolChunks } from "../local/spool.ts";

/** A file may become this many times its size, as much as gzip can make of it, and a small one this many bytes. */
const expansionMax = 1032;
const unpackedBytesMin = 1024 ** 3;
/** Limit of one buffer: the most that is read from a file at once. */
const bufferBytesMax = 2 ** 31 - 1;
/** Pieces of work (each takes up to a few milliseconds) between two turns of the event loop. */
const piecesOfTurn = 8;
const copiedBytes = 1 << 20;
const unzstd = promisify(zstdDecompress);

export interface ArrowFile {
  readonly path: string;
  /** Name in error messages. */
  readonly name: string;
  /** Limit of all buffers together once they are unpacked; default: by the size of the file. */
  readonly unpackedBytesMax?: number | undefined;
  /** Where to put the unpacked file. */
  readonly unpackedPath: string;
}

/**
 * @returns the path of the unpacked file, or the file's own if nothing in it is compressed.
 * @throws NomalyError FILE_FORMAT naming batch, column and buffer; TOO_LARGE, FILE_WRITE, ABORTED.
 */
export async function unpackArrowFile(file: ArrowFile, signal: AbortSignal): Promise<string> {
  const { path, name, unpackedPath } = file;
  const faults = faultsOfFile(name);
  const unpackedBytesMax = file.unpackedBytesMax ?? Math.max(unpackedBytesMin, statSync(path).size * expansionMax);
  const descriptor = openSync(path, "r");
  try {
    const unpacking: Unpacking = { bytes: bytesOfFile(descriptor), faults, unpackedBytesMax, pause: createPause(signal) };
    if (!(await isPacked(unpacking))) return path;
    await spoolChunks(codedChunks(unpacking), name, unpackedPath, signal);
    return unpackedPath;
  } catch (error) {
    throw codedFault(error, faults);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * @returns the unpacked bytes, or the same if nothing in them is compressed.
 * @throws NomalyError REQUEST naming batch, column and buffer; TOO_LARGE, ABORTED.
 */
export async function unpackArrowBody(body: Uint8Array, unpackedBytesMax: number, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = bytesInMemory(body);
  const unpacking: Unpacking = { bytes, faults: bodyFaults, unpackedBytesMax, pause: createPause(signal) };
  try {
    if (!(await isPacked(unpacking))) return body;
    const chunks: Uint8Array[] = [];
    for await (const chunk of unpackedChunks(unpacking)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    throw codedFault(error, bodyFaults);
  }
}

interface Unpacking {
  readonly bytes: ArrowBytes;
  readonly faults: ArrowFaults;
  readonly unpackedBytesMax: number;
  /** Called after each piece of work. @throws NomalyError ABORTED */
  readonly pause: () => Promise<void>;
}

function createPause(signal: AbortSignal): () => Promise<void> {
  let pieceCount = 0;
  return async () => {
    if (++pieceCount % piecesOfTurn !== 0) return;
    throwIfAborted(signal);
    await nextTurn();
  };
}

/** Adds up what all buffers become, as they say. */
async function isPacked(unpacking: Unpacking): Promise<boolean> {
  const { bytes, faults, unpackedBytesMax: max, pause } = unpacking;
  const content = readContent(bytes);
  let [isAny, unpackedBytes] = [false, 0];
  for (const values of batchesOf(content, faults)) {
    const isCompressed = codecOf(values) !== undefined;
    isAny ||= isCompressed;
    if (!isCompressed) unpackedBytes += values.message.bodyBytes;
    else {
      for (const { sizeBytes } of packedBuffers(bytes, values, content.schema)) {
        unpackedBytes += sizeBytes;
        if (unpackedBytes > max) throw faults.tooLarge({ what: "bytes once it is unpacked", max, count: unpackedBytes });
        if (sizeBytes > bufferBytesMax)
          throw faults.tooLarge({ what: "bytes in a buffer", max: bufferBytesMax, count: sizeBytes });
      }
    }
    await pause();
  }
  return isAny;
}

function* batchesOf({ messages }: ArrowContent, faults: ArrowFaults): Generator<ArrowValues> {
  let [messageCount, recordBatchCount] = [0, 0];
  for (const message of messages) {
    if (++messageCount > messageCountMax) throw faults.tooLarge({ what: "messages", max: messageCountMax, count: messageCount });
    const values = valuesOf(message, recordBatchCount);
    if (values.dictionary === undefined) recordBatchCount++;
    yield values;
  }
}

/** The same chunks, with coded errors. */
async function* codedChunks(unpacking: Unpacking): AsyncGenerator<Uint8Array> {
  try {
    yield* unpackedChunks(unpacking);
  } catch (error) {
    throw codedFault(error, unpacking.faults);
  }
}

/** The bytes of the unpacked file or stream. Dictionaries and batches keep their order, and the footer names their new places. */
async function* unpackedChunks(unpacking: Unpacking): AsyncGenerator<Uint8Array> {
  const { bytes, faults, pause } = unpacking;
  const content = readContent(bytes);
  const { footer, schema, schemaEnd } = content;
  const head = footer === undefined ? new Uint8Array(bytes.read(0, schemaEnd)) : Buffer.from(magic.padEnd(headBytes, "\0"));
  yield head;
  let written = head.length;
  const blocks = footer?.blocks[Symbol.iterator]();
  for (const values of batchesOf(content, faults)) {
    const { message, table, dictionary } = values;
    const packed = [...packedBuffers(bytes, values, schema)];
    const buffers = placed(packed);
    const last = buffers.at(-1);
    const bodyBytes = last === undefined ? 0 : padded(last.start + last.sizeBytes);
    const metadata = plainMessage({ ...message, table, ...(dictionary && { dictionary }), buffers, bodyBytes });
    yield metadata;
    for (const buffer of packed) {
      yield* unpackedBuffer(buffer, unpacking);
      const padding = padded(buffer.sizeBytes) - buffer.sizeBytes;
      if (padding > 0) yield new Uint8Array(padding);
    }
    const block = blocks?.next().value;
    if (footer !== undefined && block !== undefined) {
      writeBlock(footer.bytes, block, { start: written, metadataBytes: metadata.length, bodyBytes });
    }
    written += metadata.length + bodyBytes;
    await pause();
  }
  if (footer === undefined) return;
  // A stream's end mark stands before the footer.
  yield Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
  yield footer.bytes;
  yield new Uint8Array(Int32Array.of(footer.bytes.length).buffer);
  yield Buffer.from(magic);
}

/** Positions in the unpacked body. */
function placed(packed: readonly PackedBuffer[]): readonly BufferRange[] {
  let end = 0;
  return packed.map(({ sizeBytes }) => {
    const start = end;
    end += padded(sizeBytes);
    return { start, sizeBytes };
  });
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / alignmentBytes) * alignmentBytes;
}

interface Block {
  readonly start: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

function writeBlock(footer: Uint8Array, at: number, { start, metadataBytes, bodyBytes }: Block): void {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  view.setBigInt64(at, BigInt(start), true);
  view.setInt32(at + 8, metadataBytes, true);
  view.setBigInt64(at + 16, BigInt(bodyBytes), true);
}

async function* unpackedBuffer(
  { packed, codec, sizeBytes, place }: PackedBuffer,
  unpacking: Unpacking,
): AsyncGenerator<Uint8Array> {
  const { bytes, pause } = unpacking;
  if (codec === undefined) {
    for (let done = 0; done < sizeBytes; done += copiedBytes) {
      yield new Uint8Array(bytes.read(packed.start + done, Math.min(copiedBytes, sizeBytes - done)));
      await pause();
    }
  } else if (sizeBytes > 0) {
    const source = bytes.read(packed.start, packed.sizeBytes);
    try {
      yield await (codec === "LZ4" ? unpackedLz4(source, sizeBytes, pause) : unpackedZstd(source, sizeBytes));
    } catch (error) {
      if (error instanceof FrameDamage)
        throw new ArrowDamage(`${place}, which should become ${sizeBytes} bytes: ${error.message}`);
      throw error;
    }
  }
}

async function unpackedLz4(source: Uint8Array, sizeBytes: number, pause: () => Promise<void>): Promise<Uint8Array> {
  const decoding = decodeLz4Frame(source, sizeBytes);
  for (;;) {
    const next = decoding.next();
    if (next.done === true) return next.value;
    await pause();
  }
}

/** Outside of the event loop. @throws FrameDamage */
async function unpackedZstd(source: Uint8Array, sizeBytes: number): Promise<Uint8Array> {
  let unpacked: Uint8Array;
  try {
    unpacked = await unzstd(source, { maxOutputLength: sizeBytes });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw new FrameDamage("its ZSTD frame becomes more bytes than it says");
    throw new FrameDamage(`its ZSTD frame is damaged (${message})`);
  }
  if (unpacked.length === sizeBytes) return unpacked;
  throw new FrameDamage(`its ZSTD frame becomes ${unpacked.length} bytes`);
}
