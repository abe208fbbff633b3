/** What an Arrow file or body holds, summed while it is checked and held against limits. */

import type { ContentLimits } from "../read/content-limits.ts";

export interface ArrowCounts {
  readonly rowCount: number;
  readonly valueCount: number;
  readonly expandedTextBytes: number;
  readonly longestTextBytes: number;
  addRows(count: number): void;
  addValues(count: number): void;
  /** @param longestBytes of the texts that these bytes are. */
  addTexts(sizeBytes: number, longestBytes: number): void;
  /** @param sizeBytes of texts in one batch that dictionaries hold once: whoever reads some thousand rows has them all. */
  requireRepeated(sizeBytes: number): void;
}

/** One limit that was passed. */
export interface ArrowExcess {
  readonly what:
    | "rows"
    | "columns"
    | "values"
    | "bytes of texts"
    | "bytes of texts from dictionaries in one batch"
    | "parts of a dictionary"
    | "messages";
  readonly max: number;
  /** As far as it was counted. */
  readonly count: number;
}

/** A text of four thousand letters in each of 65,536 rows. */
const repeatedTextBytesMax = 256 * 1024 ** 2;

/** @param refuse throws. */
export function createArrowCounts(limits: ContentLimits, refuse: (excess: ArrowExcess) => never): ArrowCounts {
  let [rowCount, valueCount, expandedTextBytes, longestTextBytes] = [0, 0, 0, 0];
  return {
    get rowCount() {
      return rowCount;
    },
    get valueCount() {
      return valueCount;
    },
    get expandedTextBytes() {
      return expandedTextBytes;
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
