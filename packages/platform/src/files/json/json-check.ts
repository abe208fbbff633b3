/** Checks a JSON or NDJSON file before DuckDB reads it, because nested brackets alone can crash DuckDB's reader. */

import { open } from "node:fs/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import type { ContentLimits } from "../read/content-limits.ts";
import { byteOrderMark, hasByteOrderMark } from "../read/format.ts";
import { createJsonScan, type JsonScan } from "./json-scan.ts";

/** `columnCountMax` limits the distinct keys of all records. */
export interface JsonFileLimits extends Omit<ContentLimits, "expandedTextBytesMax"> {
  readonly depthMax: number;
  readonly recordBytesMax: number;
}

export interface JsonFound {
  /** True if the records are in an array. */
  readonly isArray: boolean;
  readonly rowCount: number;
  /** Distinct keys of the records; two with the same hash count once. */
  readonly columnCount: number;
  /** Number of numbers, texts, booleans and nulls at any depth. */
  readonly valueCount: number;
  readonly longestTextBytes: number;
}

export interface JsonFile {
  readonly path: string;
  /** Name in error messages. */
  readonly name: string;
  /** json: an array of records, or consecutive records; ndjson: one record a line. */
  readonly format: "json" | "ndjson";
}

const chunkBytes = 1024 ** 2;
const openBracket = "[".charCodeAt(0);

/** @throws NomalyError FILE_FORMAT, TOO_LARGE naming the file and the count; ABORTED. */
export async function checkJsonFile(file: JsonFile, limits: JsonFileLimits, signal: AbortSignal): Promise<JsonFound> {
  const opened = await open(file.path);
  try {
    const chunk = Buffer.alloc(chunkBytes);
    let check: RecordCheck | undefined;
    for (;;) {
      throwIfAborted(signal);
      const { bytesRead } = await opened.read(chunk, 0, chunkBytes);
      if (bytesRead === 0) break;
      let bytes = chunk.subarray(0, bytesRead);
      if (check === undefined) {
        if (hasByteOrderMark(bytes)) bytes = bytes.subarray(byteOrderMark.length);
        check = createRecordCheck(file, baseOf(bytes, file.format), limits);
      }
      check.feed(bytes);
    }
    return check?.found() ?? { isArray: false, rowCount: 0, columnCount: 0, valueCount: 0, longestTextBytes: 0 };
  } finally {
    await opened.close();
  }
}

/** Levels of nesting around a record. */
function baseOf(bytes: Uint8Array, format: JsonFile["format"]): 0 | 1 {
  const first = bytes.find((byte) => byte > 0x20);
  return format === "json" && first === openBracket ? 1 : 0;
}

interface RecordCheck {
  feed(bytes: Uint8Array): void;
  found(): JsonFound;
}

function createRecordCheck({ name }: JsonFile, base: 0 | 1, limits: JsonFileLimits): RecordCheck {
  const { depthMax, recordBytesMax, columnCountMax, rowCountMax, valueCountMax } = limits;
  const columns = new Set<number>();
  /** Hashes of the previous record's keys, in order, as most records have the same keys. */
  const usual: number[] = [];
  let recordStart = 0;
  let keyCount = 0;
  const scan: JsonScan = createJsonScan({
    depthMax,
    containerCountMax: Infinity,
    valueCountMax,
    listenDepthMax: base + 1,
    listener: {
      opens(depth, _isArray, position) {
        if (depth !== base) return;
        recordStart = position;
        keyCount = 0;
      },
      closes(depth, position) {
        if (depth !== base) return;
        requireRecordSize(position);
        recordStart = position;
      },
      key(depth, hash) {
        if (depth !== base + 1) return;
        if (usual[keyCount] !== hash) {
          usual[keyCount] = hash;
          columns.add(hash);
        }
        if (++keyCount > columnCountMax || columns.size > columnCountMax) {
          throw tooLarge(Math.max(keyCount, columns.size), "different keys", columnCountMax);
        }
      },
    },
    refuse(what, max, position) {
      if (what !== "levels") throw tooLarge(max + 1, what, max);
      const message = `${name} nests deeper than ${max} levels at byte ${position}`;
      throw new NomalyError("FILE_FORMAT", message, { field: name, expected: `at most ${max} levels`, received: "more" });
    },
  });
  scan.watchDepth = base;

  function tooLarge(count: number, what: string, max: number): NomalyError {
    return new NomalyError("TOO_LARGE", `${name} has at least ${count} ${what}, at most ${max} are taken`, {
      field: name,
      expected: `at most ${max} ${what}`,
      received: String(count),
    });
  }

  function requireRecordSize(position: number): void {
    const sizeBytes = position - recordStart;
    if (sizeBytes <= recordBytesMax) return;
    const message = `${name} has a record of at least ${sizeBytes} bytes (number ${scan.watchedCount}), at most ${recordBytesMax} are read`;
    throw new NomalyError("TOO_LARGE", message, {
      field: name,
      expected: `at most ${recordBytesMax} bytes`,
      received: String(sizeBytes),
    });
  }

  return {
    feed(bytes) {
      scan.feed(bytes);
      if (scan.depth > base) requireRecordSize(scan.position);
      else recordStart = scan.position;
      if (scan.watchedCount > rowCountMax) throw tooLarge(scan.watchedCount, "records", rowCountMax);
      if (scan.scalarCount > valueCountMax) throw tooLarge(scan.scalarCount, "values", valueCountMax);
    },
    found: () => ({
      isArray: base === 1,
      rowCount: scan.watchedCount,
      columnCount: columns.size,
      valueCount: scan.scalarCount,
      longestTextBytes: scan.longestTextBytes,
    }),
  };
}
