/** What scoring will cost, by what it cost before: a moving average for each model, and a cautious guess for a new one. */

/** Of a model not scored yet; most take a tenth of that. */
const firstMicrosecondsPerRow = 100;
/** Methods that look at every training row cost in proportion to the model. */
const firstMicrosecondsPerByte = 0.001;
/** Spent on a call however few its rows are. */
const callMicroseconds = 15;
/** Weight of the newest call in the average. */
const newestWeight = 0.2;
/** Models whose cost is remembered. */
const keyCountMax = 10_000;

export class CostEstimates {
  readonly #microsecondsPerRow = new Map<string, number>();

  estimateMs(key: string, rowCount: number, modelSizeBytes: number): number {
    const perRow = this.#microsecondsPerRow.get(key) ?? firstMicrosecondsPerRow + modelSizeBytes * firstMicrosecondsPerByte;
    return (callMicroseconds + rowCount * perRow) / 1000;
  }

  observe(key: string, rowCount: number, tookMs: number): void {
    if (rowCount < 1) return;
    const took = tookMs * 1000;
    const perRow = Math.max(took - callMicroseconds, took / 10) / rowCount;
    const before = this.#microsecondsPerRow.get(key);
    if (before === undefined && this.#microsecondsPerRow.size >= keyCountMax) {
      for (const oldest of this.#microsecondsPerRow.keys()) {
        this.#microsecondsPerRow.delete(oldest);
        break;
      }
    }
    // The first call pays for compiling and restoring: it may weigh too much, never too little.
    this.#microsecondsPerRow.set(key, before === undefined ? perRow : before + newestWeight * (perRow - before));
  }
}
