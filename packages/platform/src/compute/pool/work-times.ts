/** Estimates how long work of one lane will wait, from how long earlier work took. */

/** Average before the first measurement; most work takes less. */
const firstMs = 1000;
/** Weight of the newest measurement in the average. */
const newestWeight = 0.3;

export class WorkTimes {
  readonly #clock: { now(): number };
  readonly #startedAt = new Map<number, number>();
  #averageMs = firstMs;

  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  begin(id: number): void {
    this.#startedAt.set(id, this.#clock.now());
  }

  end(id: number): void {
    const startedAt = this.#startedAt.get(id);
    if (startedAt === undefined) return;
    this.#startedAt.delete(id);
    this.#averageMs += newestWeight * (this.#clock.now() - startedAt - this.#averageMs);
  }

  /** @param aheadCount pieces of work that begin earlier. */
  waitMs(aheadCount: number, workerCount: number): number {
    const now = this.#clock.now();
    const running = [...this.#startedAt.values()].map((startedAt) => now - startedAt);
    // Work that has run for longer than the average shows that the average is too low.
    const eachMs = Math.max(this.#averageMs, ...running);
    const remainingMs = running.reduce((sum, ranMs) => sum + Math.max(0, eachMs - ranMs), 0);
    return (remainingMs + aheadCount * eachMs) / workerCount;
  }
}
