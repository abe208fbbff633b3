/** Bytes of memory that requests may hold together; whoever asks for more than is left is refused. */

export interface MemoryBudget {
  /** False when there is not so much left; nothing is taken then. */
  take(sizeBytes: number): boolean;
  giveBack(sizeBytes: number): void;
  readonly takenBytes: number;
  readonly maxBytes: number;
}

export function createMemoryBudget(maxBytes: number): MemoryBudget {
  let takenBytes = 0;
  return {
    take(sizeBytes) {
      if (takenBytes + sizeBytes > maxBytes) return false;
      takenBytes += sizeBytes;
      return true;
    },
    giveBack(sizeBytes) {
      takenBytes -= sizeBytes;
    },
    get takenBytes() {
      return takenBytes;
    },
    maxBytes,
  };
}
