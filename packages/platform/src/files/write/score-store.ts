/** Collects the scores of a streamed file, one a row. */

const blockRowCount = 1 << 16;

export interface ScoreStore {
  readonly rowCount: number;
  append(scores: Float64Array): void;
  at(row: number): number;
  toArray(): Float64Array;
}

/** Grows by blocks, so that appending copies no earlier scores; takes 8 bytes a row. */
export function createScoreStore(): ScoreStore {
  const blocks: Float64Array[] = [];
  let rowCount = 0;

  function append(scores: Float64Array): void {
    let from = 0;
    while (from < scores.length) {
      const within = rowCount % blockRowCount;
      if (within === 0) blocks.push(new Float64Array(blockRowCount));
      const count = Math.min(blockRowCount - within, scores.length - from);
      blocks[blocks.length - 1].set(scores.subarray(from, from + count), within);
      from += count;
      rowCount += count;
    }
  }

  return {
    get rowCount() {
      return rowCount;
    },
    append,
    at: (row) => blocks[Math.floor(row / blockRowCount)][row % blockRowCount],
    toArray() {
      const all = new Float64Array(rowCount);
      for (const [index, block] of blocks.entries()) {
        const start = index * blockRowCount;
        all.set(block.subarray(0, Math.min(blockRowCount, rowCount - start)), start);
      }
      return all;
    },
  };
}
