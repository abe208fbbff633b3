/** Writes to level 2 that nobody waits for: bounded in number and bytes; beyond that they are dropped, as a cache may. */

export interface BackgroundWrites {
  /** @returns false when it was dropped. */
  start(sizeBytes: number, write: () => Promise<unknown>): boolean;
  /** When those under way are over. */
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
        // A write that fails is a miss later; level 2 has counted it.
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
