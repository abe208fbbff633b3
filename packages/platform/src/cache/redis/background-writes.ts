/** Runs writes to level 2 in the background, limited in number and bytes; further writes are dropped. */

export interface BackgroundWrites {
  /** @returns false when the write was dropped. */
  start(sizeBytes: number, write: () => Promise<unknown>): boolean;
  /** Resolves when the writes under way have ended. */
  settled(): Promise<void>;
}

export function createBackgroundWrites(writeCountMax: number, bytesMax: number): BackgroundWrites {
  const writes = new Set<Promise<unknown>>();
  let sizeBytes = 0;

  return {
    start(bytes, write) {
      if (writes.size >= writeCountMax || sizeBytes + bytes > bytesMax) return false;
      sizeBytes += bytes;
      const written = write()
        // Level 2 has counted the failure; the value is loaded again later.
        .catch(() => {})
        .finally(() => {
          writes.delete(written);
          sizeBytes -= bytes;
        });
      writes.add(written);
      return true;
    },
    async settled() {
      await Promise.all(writes);
    },
  };
}
