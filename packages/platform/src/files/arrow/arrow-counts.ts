/** Counts rows, values and texts of an Arrow file or body during the check, and enforces limits. */

import type { ContentLimits } from "../read/content-limits.ts";

export interface ArrowCounts {
  readonly rowCount: number;
  readonly longestTextBytes: number;
  addRows(count: number): void;
  addValues(count: number): void;
  /** @param longestBytes size of the longest of these texts. */
  addTexts(sizeBytes: number, longestBytes: number): void;
  /** @param sizeBytes bytes of dictionary texts in one batch, counted once for each row that refers to them. */
  requireRepeated(sizeBytes: number): void;
}

/** A limit that was exceeded. */
export interface ArrowExcess {
  readonly what:
    | "rows"
    | "columns"
    | "values"
    | "bytes of texts"
    | "bytes of texts from dictionaries in one batch"
    | "parts of a dictionary"
    | "messages"
    | "bytes once it is unpacked"
    | "bytes in a buffer";
  readonly max: number;
  /** The count so far. */
  readonly count: number;
}

/** As much as a text of 4096 letters in each of 65,536 rows. */
const repeatedTextBytesMax = 256 * 1024 ** 2;

/** @param refuse throws. */
export function createArrowCounts(limits: ContentLimits, refuse: (excess: ArrowExcess) => never): ArrowCounts {
  let [rowCount, valueCount, expandedTextBytes, longestTextBytes] = [0, 0, 0, 0];
  return {
    get rowCount() {
      return rowCount;
    },
    get longestTextBytes() {
      return longestTextBytes;
    },
    addRows(count) {
      rowCount += count;
      if (rowCount > limits.rowCountMax) refuse({ what: "rows", max: limits.rowCountMax, count: rowCount });
    },
    addValues(count) {
      valueCount += count;
      if (valueCount > limits.valueCountMax) refuse({ what: "values", max: limits.valueCountMax, count: valueCount });
    },
    addTexts(sizeBytes, longestBytes) {
      expandedTextBytes += sizeBytes;
      longestTextBytes = Math.max(longestTextBytes, longestBytes);
      const max = limits.expandedTextBytesMax;
      if (expandedTextBytes > max) refuse({ what: "bytes of texts", max, count: expandedTextBytes });
    },
    requireRepeated(sizeBytes) {
      if (sizeBytes <= repeatedTextBytesMax) return;
      refuse({ what: "bytes of texts from dictionaries in one batch", max: repeatedTextBytesMax, count: sizeBytes });
    },
  };
}
