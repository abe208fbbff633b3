/** Counts what a request's body in JSON would become, while its bytes arrive and before anything parses them. */

import { NomalyError } from "@nomaly/detect";
import { createJsonScan, hashOf, type JsonScan } from "./json-scan.ts";

export interface JsonLimits {
  readonly depthMax: number;
  /** Objects and arrays: each takes far more memory than bytes. */
  readonly containerCountMax: number;
  /** Objects, arrays, numbers, texts, true, false and null. */
  readonly valueCountMax: number;
}

export interface JsonCounts {
  /** Members of `data`, or of the array that the body is; of `data` by columns, of the longest of them. */
  readonly rowCount: number;
  /** Numbers, texts, true, false and null within these rows. */
  readonly cellCount: number;
  readonly depth: number;
  readonly containerCount: number;
  /** Of the whole body: containers and what stands in them. */
  readonly valueCount: number;
  readonly longestTextBytes: number;
}

export interface JsonCounter {
  /** @throws NomalyError REQUEST for levels, TOO_LARGE for counts. */
  feed(chunk: Uint8Array): void;
  counts(): JsonCounts;
}

/** @throws NomalyError REQUEST for levels, TOO_LARGE for counts. Whether it is JSON is for the parser to say. */
export function countJson(bytes: Uint8Array, limits: JsonLimits): JsonCounts {
  const counter = createJsonCounter(limits);
  counter.feed(bytes);
  return counter.counts();
}

const dataKey = hashOf(Buffer.from("data"));
/** Levels outside of the rows: the body, then `data`. */
const levelsOfData = 2;
/** No value begins in so many levels. */
const nowhere = -1;

export function createJsonCounter(limits: JsonLimits): JsonCounter {
  let isNextData = false;
  /** Levels around the rows, while the scan is within them. */
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
        // Written with escapes it may be the same name: it counts as such.
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
      // A body that is cut off within its rows has had those that came.
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
