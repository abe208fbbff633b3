/** The lengths of the texts in a dictionary: what a column of places in it becomes when it is read. */

export interface DictionaryTexts {
  readonly entryCount: number;
  /** Of the entries so far; entries that are no texts have none. */
  readonly lengths: Float64Array;
  /** Batches that it came in. */
  readonly batchCount: number;
  readonly longestBytes: number;
  addLength(sizeBytes: number): void;
  /** A batch has been read to its end. */
  addBatch(entryCount: number): void;
}

export function createDictionaryTexts(): DictionaryTexts {
  let lengths = new Float64Array(64);
  let [filled, entryCount, batchCount, longestBytes] = [0, 0, 0, 0];
  return {
    get entryCount() {
      return entryCount;
    },
    get lengths() {
      return lengths;
    },
    get batchCount() {
      return batchCount;
    },
    get longestBytes() {
      return longestBytes;
    },
    addLength(sizeBytes) {
      if (filled === lengths.length) {
        const longer = new Float64Array(filled * 2);
        longer.set(lengths);
        lengths = longer;
      }
      lengths[filled++] = sizeBytes;
      longestBytes = Math.max(longestBytes, sizeBytes);
    },
    addBatch(count) {
      entryCount += count;
      batchCount++;
    },
  };
}
