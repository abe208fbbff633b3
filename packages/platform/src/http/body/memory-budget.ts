/** Counts the bytes of memory that requests hold together, up to a limit. */

export class MemoryBudget {
  readonly maxBytes: number;
  #takenBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Takes the bytes; returns false, and takes nothing, when fewer are left. */
  take(sizeBytes: number): boolean {
    if (this.#takenBytes + sizeBytes > this.maxBytes) return false;
    this.#takenBytes += sizeBytes;
    return true;
  }

  giveBack(sizeBytes: number): void {
    this.#takenBytes -= sizeBytes;
  }
}
