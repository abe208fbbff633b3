/** Collects the lengths of the texts in a dictionary, to compute how large a column becomes when it is decoded. */

export interface DictionaryTexts {
  readonly entryCount: number;
  /** Lengths of the entries so far; empty if the entries are no texts. */
  readonly lengths: Float64Array;
  /** Number of batches with entries of this dictionary. */
  readonly batchCount: number;
  readonly longestBytes: number;
  addLength(sizeBytes: number): void;
  /** Called at the end of each batch. */
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
