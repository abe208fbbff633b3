/**
 * Reads answers of HTTP/1.1 from the bytes of a connection, one after another (RFC 9112). It does no more than a load test needs: the status, two
 * headers, and where an answer ends; everything has a limit.
 */

import { type AnswerHead, MalformedAnswer, splitHead } from "./answer-head.ts";

export interface Answer {
  readonly status: number;
  /** As the server gave it, in seconds; undefined without. */
  readonly retryAfterSeconds: number | undefined;
  /** False where the server closes the connection after this answer. */
  readonly isReusable: boolean;
  /** The beginning of the body, as far as it is kept. */
  readonly body: string;
}

export interface AnswerReader {
  /** @returns the answer, once it is complete. @throws MalformedAnswer. */
  read(bytes: Buffer): Answer | undefined;
  /** The connection has ended. @returns an answer whose body goes on until then. */
  end(): Answer | undefined;
}

const headBytesMax = 64 * 1024;
const chunkLineBytesMax = 4096;
const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");
const nothing = Buffer.alloc(0);

type Place = "head" | "counted" | "until end" | "chunk size" | "chunk" | "chunk end" | "trailer";

/** @param keptBytesMax how much of a body is kept; the rest is read and forgotten. */
export function createAnswerReader(keptBytesMax: (status: number) => number): AnswerReader {
  let place: Place = "head";
  let head: AnswerHead | undefined;
  /** Bytes still to come of a counted body or a chunk. */
  let missing = 0;
  /** The beginning of a head or line whose end has not come. */
  let rest: Buffer = nothing;
  let kept: Buffer[] = [];
  /** Bytes of the body that may still be kept. */
  let room = 0;

  function read(bytes: Buffer): Answer | undefined {
    let at = 0;
    const input = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    rest = nothing;
    while (at < input.length) {
      const next = step(input, at);
      if (next === undefined) {
        rest = input.subarray(at);
        return undefined;
      }
      at = next;
      if (place === "head" && head !== undefined) return complete(input.length - at);
    }
    return undefined;
  }

  /** @returns where the next step begins; undefined where more bytes are needed. */
  function step(input: Buffer, at: number): number | undefined {
    switch (place) {
      case "head":
        return readHead(input, at);
      case "until end":
        return take(input, at, input.length - at);
      case "counted":
      case "chunk":
        return readCounted(input, at);
      case "chunk size":
        return readChunkSize(input, at);
      case "chunk end":
      case "trailer":
        return readLineAfterChunk(input, at);
    }
  }

  function readHead(input: Buffer, at: number): number | undefined {
    const end = input.indexOf(headEnd, at);
    if ((end < 0 ? input.length : end) - at > headBytesMax) throw new MalformedAnswer(`a head over ${headBytesMax} bytes`);
    if (end < 0) return undefined;
    const found = splitHead(input.toString("latin1", at, end));
    const next = end + headEnd.length;
    // An interim answer, such as 103: the answer itself follows.
    if (found.status < 200) {
      if (found.status === 101) throw new MalformedAnswer("a change of protocol that nobody asked for");
      return next;
    }
    head = found;
    room = keptBytesMax(found.status);
    if (found.framing === "chunked") place = "chunk size";
    else if (found.framing === "until end") place = "until end";
    else {
      missing = found.framing;
      place = missing === 0 ? "head" : "counted";
    }
    return next;
  }

  function readCounted(input: Buffer, at: number): number {
    const length = Math.min(missing, input.length - at);
    missing -= length;
    if (missing === 0) place = place === "counted" ? "head" : "chunk end";
    return take(input, at, length);
  }

  function readChunkSize(input: Buffer, at: number): number | undefined {
    const end = lineEndAfter(input, at);
    if (end === undefined) return undefined;
    const size = /^([0-9a-f]{1,12})[\t ]*(?:;.*)?$/i.exec(input.toString("latin1", at, end));
    if (size === null) throw new MalformedAnswer("a chunk without a size");
    missing = Number.parseInt(size[1], 16);
    place = missing === 0 ? "trailer" : "chunk";
    return end + lineEnd.length;
  }

  /** The empty line behind a chunk, or a line of the trailer, which an empty line ends. */
  function readLineAfterChunk(input: Buffer, at: number): number | undefined {
    const end = lineEndAfter(input, at);
    if (end === undefined) return undefined;
    if (place === "chunk end") {
      if (end !== at) throw new MalformedAnswer("a chunk longer than its size");
      place = "chunk size";
    } else if (end === at) place = "head";
    return end + lineEnd.length;
  }

  function take(input: Buffer, at: number, length: number): number {
    if (room > 0 && length > 0) {
      const piece = Buffer.from(input.subarray(at, at + Math.min(length, room)));
      kept.push(piece);
      room -= piece.length;
    }
    return at + length;
  }

  function complete(extraBytes: number): Answer {
    if (head === undefined) throw new MalformedAnswer("no head");
    if (extraBytes > 0) throw new MalformedAnswer("bytes after the answer that nobody asked for");
    const { status, retryAfterSeconds, isReusable } = head;
    const body = kept.length === 0 ? "" : Buffer.concat(kept).toString("utf8");
    head = undefined;
    place = "head";
    if (kept.length > 0) kept = [];
    return { status, retryAfterSeconds, isReusable, body };
  }

  return { read, end: () => (place === "until end" ? complete(0) : undefined) };
}

function lineEndAfter(input: Buffer, at: number): number | undefined {
  const end = input.indexOf(lineEnd, at);
  if ((end < 0 ? input.length : end) - at > chunkLineBytesMax)
    throw new MalformedAnswer(`a line over ${chunkLineBytesMax} bytes`);
  return end < 0 ? undefined : end;
}
