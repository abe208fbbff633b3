/** Scans JSON bytes in chunks and counts levels, containers and values, without building them. */

/** Receives events of the outer levels; deeper levels are only counted. */
export interface JsonListener {
  /** An object or array opens while `depth` levels are open. */
  opens(depth: number, isArray: boolean, position: number): void;
  /** An object or array has closed; `depth` levels are still open. */
  closes(depth: number, position: number): void;
  /** A key of the object at level `depth`. @param hash hash of its bytes as written, escapes included. */
  key(depth: number, hash: number, isEscaped: boolean): void;
}

export interface JsonScan {
  feed(chunk: Uint8Array): void;
  /** `watchedCount` counts values that begin while this many levels are open. */
  watchDepth: number;
  watchedCount: number;
  /** Bytes fed so far. */
  readonly position: number;
  readonly depth: number;
  readonly deepest: number;
  /** Objects and arrays. */
  readonly containerCount: number;
  /** Texts (without keys), numbers, booleans and nulls. */
  readonly scalarCount: number;
  readonly longestTextBytes: number;
}

export interface JsonScanOptions {
  readonly depthMax: number;
  readonly containerCountMax: number;
  /** Containers and scalars. */
  readonly valueCountMax: number;
  /** Deepest level whose events the listener receives. */
  readonly listenDepthMax: number;
  readonly listener: JsonListener;
  /** Throws. */
  readonly refuse: (what: "levels" | "objects and arrays" | "values", max: number, position: number) => never;
}

const [quote, backslash, comma, colon] = Buffer.from('"\\,:');
const [minus, nine] = Buffer.from("-9");
const [openBrace, openBracket, closeBrace, closeBracket] = Buffer.from("{[}]");
/** Shorter texts are scanned byte by byte; in longer ones a search for the quote is faster. */
const shortTextBytes = 24;
/** FNV-1a, 32 bits. */
const hashStart = 0x811c9dc5;
const hashFactor = 0x01000193;

/** 1 for bytes of numbers and words; all other bytes end one. */
const isWord = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > 0x20 && !'",:{}[]'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

export function hashOf(bytes: Uint8Array): number {
  return hashedOn(hashStart, bytes, 0, bytes.length);
}

function hashedOn(hash: number, bytes: Uint8Array, start: number, end: number): number {
  let hashed = hash;
  for (let at = start; at < end; at++) hashed = Math.imul(hashed ^ bytes[at], hashFactor);
  return hashed;
}

/** Where in a token the previous chunk ended. */
type Within = "nothing" | "word" | "text" | "escape in text";

export function createJsonScan(options: JsonScanOptions): JsonScan {
  const { depthMax, containerCountMax, valueCountMax, listenDepthMax, listener, refuse } = options;
  /** 1 if the level is an object. */
  const isObject = new Uint8Array(depthMax + 2);
  const scan = {
    feed,
    watchDepth: 0,
    watchedCount: 0,
    position: 0,
    depth: 0,
    deepest: 0,
    containerCount: 0,
    scalarCount: 0,
    longestTextBytes: 0,
  };
  let within: Within = "nothing";
  let expectsKey = false;
  let isKey = false;
  let isEscaped = false;
  let textBytes = 0;
  let hash = hashStart;

  function feed(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    if (within === "escape in text" && bytes.length > 0) {
      hash = hashedOn(hash, bytes, 0, 1);
      at = 1;
      textBytes++;
      within = "text";
    }
    if (within === "text") at = restOfText(bytes, at);
    while (at < bytes.length) {
      const sign = bytes[at];
      if (isWord[sign] === 1) at = endOfWord(bytes, at);
      else {
        within = "nothing";
        if (sign === quote) at = textAt(bytes, at + 1);
        else {
          if (sign === comma) expectsKey = isObject[scan.depth] === 1;
          else if (sign === colon) expectsKey = false;
          else if (sign === openBrace || sign === openBracket) opens(sign === openBracket, scan.position + at);
          else if (sign === closeBrace || sign === closeBracket) closes(scan.position + at + 1);
          at++;
        }
      }
    }
    scan.position += bytes.length;
  }

  function endOfWord(bytes: Uint8Array, start: number): number {
    // A word that the previous chunk cut goes on.
    if (within !== "word") scalarBegins();
    const { length } = bytes;
    let at = start + 1;
    // Most words are numbers, whose characters have neighbouring codes.
    while (at < length && (bytes[at] - minus) >>> 0 <= nine - minus) at++;
    while (at < length && isWord[bytes[at]] === 1) at++;
    within = at === bytes.length ? "word" : "nothing";
    return at;
  }

  function scalarBegins(): void {
    scan.scalarCount++;
    if (scan.depth === scan.watchDepth) scan.watchedCount++;
  }

  function textAt(bytes: Buffer, start: number): number {
    isKey = expectsKey;
    isEscaped = false;
    textBytes = 0;
    hash = hashStart;
    within = "text";
    if (!isKey) scalarBegins();
    return restOfText(bytes, start);
  }

  /** @returns the position after the text, or the end of the chunk. */
  function restOfText(bytes: Buffer, start: number): number {
    const end = endOfText(bytes, start);
    const pieceEnd = Math.min(end, bytes.length);
    textBytes += pieceEnd - start;
    if (isKey && scan.depth <= listenDepthMax) hash = hashedOn(hash, bytes, start, pieceEnd);
    if (textBytes > scan.longestTextBytes) scan.longestTextBytes = textBytes;
    if (end >= bytes.length) {
      within = end > bytes.length ? "escape in text" : "text";
      return bytes.length;
    }
    within = "nothing";
    if (isKey && scan.depth <= listenDepthMax) listener.key(scan.depth, hash, isEscaped);
    return end + 1;
  }

  /** Position of the closing quote; the chunk's length if there is none, and one more if the chunk cuts an escape. */
  function endOfText(bytes: Buffer, start: number): number {
    let at = start;
    const shortEnd = Math.min(bytes.length, start + shortTextBytes);
    while (at < shortEnd) {
      const sign = bytes[at];
      if (sign === quote) return at;
      if (sign === backslash) {
        isEscaped = true;
        at++;
      }
      at++;
    }
    while (at < bytes.length) {
      const found = bytes.indexOf(quote, at);
      const end = found < 0 ? bytes.length : found;
      let backslashCount = 0;
      while (end - 1 - backslashCount >= at && bytes[end - 1 - backslashCount] === backslash) backslashCount++;
      const isCut = backslashCount % 2 === 1;
      if (!isCut) return end;
      at = end + 1;
    }
    return at;
  }

  function opens(isArray: boolean, position: number): void {
    const { depth } = scan;
    if (depth === scan.watchDepth) scan.watchedCount++;
    if (depth <= listenDepthMax) listener.opens(depth, isArray, position);
    if (depth >= depthMax) refuse("levels", depthMax, position);
    if (++scan.containerCount > containerCountMax) refuse("objects and arrays", containerCountMax, position);
    scan.depth = depth + 1;
    if (scan.depth > scan.deepest) scan.deepest = scan.depth;
    isObject[scan.depth] = isArray ? 0 : 1;
    expectsKey = !isArray;
  }

  function closes(position: number): void {
    // The parser reports brackets that close without having been opened.
    if (scan.depth > 0) scan.depth--;
    expectsKey = false;
    if (scan.containerCount + scan.scalarCount > valueCountMax) refuse("values", valueCountMax, position);
    if (scan.depth <= listenDepthMax) listener.closes(scan.depth, position);
  }

  return scan;
}
