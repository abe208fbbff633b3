/** Copies pipes, devices and gzip files to temporary files, because DuckDB may read an input twice. */

import { constants, createReadStream, createWriteStream, openSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { NomalyError } from "@nomaly/detect";
import { byteOrderMark } from "../read/format.ts";

/** Limit of a copy, so that an endless input does not fill the disk. */
const spoolSizeBytesMax = 64 * 1024 ** 3;

/** Copies a stream. @throws NomalyError FILE_READ, FILE_WRITE, ABORTED. */
export async function spoolStream(input: Readable, name: string, path: string, signal: AbortSignal): Promise<void> {
  await copy([input, sizeLimit(name)], name, path, signal);
}

/** Copies a named pipe or a device. */
export async function spoolDevice(from: string, path: string, signal: AbortSignal): Promise<void> {
  await copy([deviceStream(from), sizeLimit(from)], from, path, signal);
}

/** Opens a pipe as a socket, without waiting for its writer: a file stream would block a thread that an abort cannot stop. */
function deviceStream(path: string): Readable {
  if (!statSync(path).isFIFO()) return createReadStream(path);
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
}

export interface Unpacked {
  /** Name of the file in error messages. */
  readonly name: string;
  readonly path: string;
  /** Default {@link spoolSizeBytesMax}. */
  readonly sizeBytesMax: number | undefined;
}

/** Decompresses a gzip file. @throws NomalyError FILE_READ if it is truncated or damaged, TOO_LARGE. */
export async function spoolGunzipped(
  gzipPath: string,
  { name, path, sizeBytesMax }: Unpacked,
  signal: AbortSignal,
): Promise<void> {
  const limit = sizeBytesMax === undefined ? sizeLimit(name) : unpackedLimit(name, sizeBytesMax);
  await copy([createReadStream(gzipPath), createGunzip(), limit], name, path, signal);
}

/** Writes chunks that are made on the way. @throws NomalyError as they do, FILE_WRITE, ABORTED. */
export async function spoolChunks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  await copy([Readable.from(chunks)], name, path, signal);
}

/** Copies a text file without its byte order mark. */
export async function spoolUnmarked(from: string, name: string, path: string, signal: AbortSignal): Promise<void> {
  await copy([createReadStream(from, { start: byteOrderMark.length }), sizeLimit(name)], name, path, signal);
}

export interface TextCopy {
  readonly path: string;
  /** A label that TextDecoder knows. */
  readonly encoding: string;
  readonly lines: LineFilter | undefined;
}

/** Changes a text that arrives in pieces. */
export interface LineFilter {
  feed(text: string): string;
}

/** Copies a text file as UTF-8, without its byte order mark. @throws NomalyError FILE_FORMAT for bytes that the encoding does not have. */
export async function spoolText(
  from: string,
  name: string,
  { path, encoding, lines }: TextCopy,
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decoded = (bytes: Buffer | undefined): string => {
    try {
      const text = bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
      return lines === undefined ? text : lines.feed(text);
    } catch (cause) {
      throw new NomalyError("FILE_FORMAT", `${name} has bytes that are not ${encoding}`, {
        field: name,
        received: encoding,
        cause,
      });
    }
  };
  const transcoding = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      passOn(done, () => decoded(bytes));
    },
    flush(done) {
      passOn(done, () => decoded(undefined));
    },
  });
  await copy([createReadStream(from), transcoding, sizeLimit(name)], name, path, signal);
}

function passOn(done: (error: Error | null, text?: string) => void, make: () => string): void {
  let text: string;
  try {
    text = make();
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, text);
}

function sizeLimit(name: string): Transform {
  const message = `${name} is larger than ${spoolSizeBytesMax} bytes, the most that is copied`;
  return limited(spoolSizeBytesMax, () => new NomalyError("FILE_READ", message, { field: name }));
}

function unpackedLimit(name: string, sizeBytesMax: number): Transform {
  return limited(sizeBytesMax, (sizeBytes) => {
    const message = `${name} has at least ${sizeBytes} bytes once it is unpacked, at most ${sizeBytesMax} are taken`;
    return new NomalyError("TOO_LARGE", message, {
      field: name,
      expected: `at most ${sizeBytesMax} bytes`,
      received: String(sizeBytes),
    });
  });
}

function limited(sizeBytesMax: number, refusal: (sizeBytes: number) => NomalyError): Transform {
  let sizeBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      if (sizeBytes <= sizeBytesMax) done(null, chunk);
      else done(refusal(sizeBytes));
    },
  });
}

async function copy(stages: readonly [Readable, ...Transform[]], name: string, path: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline([...stages, createWriteStream(path)], { signal });
  } catch (error) {
    throw spoolError(error, name, signal);
  }
}

function spoolError(error: unknown, name: string, signal: AbortSignal): NomalyError {
  if (error instanceof NomalyError) return error;
  if (signal.aborted) return new NomalyError("ABORTED", "the work was stopped by its caller", { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EROFS" || code === "EACCES") {
    return new NomalyError("FILE_WRITE", `there is no room for a temporary copy of ${name}: ${message}`, {
      field: name,
      cause: error,
    });
  }
  if (code === "Z_BUF_ERROR") {
    return new NomalyError("FILE_READ", `${name} ends in the middle: the gzip data is truncated`, { field: name, cause: error });
  }
  const finding = code?.startsWith("Z_") === true ? `the gzip data is damaged (${message})` : message;
  return new NomalyError("FILE_READ", `${name} cannot be read: ${finding}`, { field: name, cause: error });
}
