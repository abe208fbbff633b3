/** Counts rows, values and levels of a JSON body before it is parsed, and enforces limits. */

import { NomalyError } from "@nomaly/detect";
import { createJsonScan, hashOf, type JsonScan } from "./json-scan.ts";

export interface JsonLimits {
  readonly depthMax: number;
  /** Limit of objects and arrays, which take far more memory than their bytes. */
  readonly containerCountMax: number;
  /** Limit of all values: objects, arrays, numbers, texts, booleans and nulls. */
  readonly valueCountMax: number;
}

export interface JsonCounts {
  /** Elements of `data` (or of the body if it is an array); if `data` is an object of columns, of the longest column. */
  readonly rowCount: number;
  /** Numbers, texts, booleans and nulls within these rows. */
  readonly cellCount: number;
  readonly depth: number;
  readonly containerCount: number;
  /** All values of the body: objects, arrays, numbers, texts, booleans and nulls. */
  readonly valueCount: number;
  readonly longestTextBytes: number;
}

export interface JsonCounter {
  /** @throws NomalyError REQUEST for levels, TOO_LARGE for counts. */
  feed(chunk: Uint8Array): void;
  counts(): JsonCounts;
}

/** Does not check the syntax, which the parser does. @throws NomalyError REQUEST for levels, TOO_LARGE for counts. */
export function countJson(bytes: Uint8Array, limits: JsonLimits): JsonCounts {
  const counter = createJsonCounter(limits);
  counter.feed(bytes);
  return counter.counts();
}

const dataKey = hashOf(Buffer.from("data"));
/** Levels around the rows: the body and `data`. */
const levelsOfData = 2;
/** A depth at which no value begins. */
const nowhere = -1;

export function createJsonCounter(limits: JsonLimits): JsonCounter {
  let isNextData = false;
  /** Levels around the rows while the scan is inside `data`. */
  let dataDepth = nowhere;
  let isByColumns = false;
  let scalarsBefore = 0;
  let [rowCount, cellCount] = [0, 0];
  const scan: JsonScan = createJsonScan({
    ...limits,
    listenDepthMax: levelsOfData,
    listener: {
      opens(depth, isArray) {
        const begins = dataDepth === nowhere && ((depth === 0 && isArray) || (depth === 1 && isNextData));
        isNextData = false;
        if (begins) {
          dataDepth = depth + 1;
          isByColumns = !isArray;
          scalarsBefore = scan.scalarCount;
          watch(dataDepth + (isByColumns ? 1 : 0));
        } else if (isByColumns && depth === dataDepth) watch(dataDepth + 1);
      },
      closes(depth) {
        if (isByColumns && depth === dataDepth) rowCount = Math.max(rowCount, scan.watchedCount);
        if (depth !== dataDepth - 1) return;
        if (!isByColumns) rowCount = Math.max(rowCount, scan.watchedCount);
        cellCount += scan.scalarCount - scalarsBefore;
        dataDepth = nowhere;
        isByColumns = false;
        watch(nowhere);
      },
      key(depth, hash, isEscaped) {
        // A key with escapes may be `data`, so it counts as `data`.
        isNextData = depth === 1 && (hash === dataKey || isEscaped);
      },
    },
    refuse(what, max, position) {
      const expected = `at most ${max} ${what}`;
      if (what === "levels") {
        const message = `the body nests deeper than ${max} levels at byte ${position}`;
        throw new NomalyError("REQUEST", message, { field: "body", expected, received: `more than ${max}` });
      }
      const message = `the body has more than ${max} ${what}, as many as a request may have`;
      throw new NomalyError("TOO_LARGE", message, { field: "body", expected, received: `more than ${max}` });
    },
  });
  watch(nowhere);

  function watch(depth: number): void {
    scan.watchDepth = depth;
    scan.watchedCount = 0;
  }

  return {
    feed: (chunk) => scan.feed(chunk),
    counts() {
      // If the body ends within its rows, the rows so far count.
      const isWithin = dataDepth !== nowhere;
      return {
        rowCount: isWithin ? Math.max(rowCount, scan.watchedCount) : rowCount,
        cellCount: cellCount + (isWithin ? scan.scalarCount - scalarsBefore : 0),
        depth: scan.deepest,
        containerCount: scan.containerCount,
        valueCount: scan.containerCount + scan.scalarCount,
        longestTextBytes: scan.longestTextBytes,
      };
    },
  };
}
