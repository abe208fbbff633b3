/** Estimates how long scoring takes: a moving average for each model, and a cautious guess for a model not scored yet. */

/** Guess for a model not scored yet; most models take a tenth of this. */
const firstMicrosecondsPerRow = 100;
/** Added to the guess: algorithms that compare with every training row take time in proportion to the size of the model. */
const firstMicrosecondsPerByte = 0.001;
/** Cost of a call, however few its rows. */
const callMicroseconds = 15;
const newestWeight = 0.2;
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
      const [oldest] = this.#microsecondsPerRow.keys();
      this.#microsecondsPerRow.delete(oldest);
    }
    // The first call includes compiling and restoring, so the average may start too high, never too low.
    this.#microsecondsPerRow.set(key, before === undefined ? perRow : before + newestWeight * (perRow - before));
  }
}
