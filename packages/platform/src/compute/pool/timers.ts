/** A set of timers that can all be cleared at once. */

export class Timers {
  readonly #timers = new Set<NodeJS.Timeout>();

  later(delayMs: number, act: () => void, keepsAlive: "ref" | "unref" = "ref"): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    if (keepsAlive === "unref") timer.unref();
    this.#timers.add(timer);
    return timer;
  }

  forget(timer: NodeJS.Timeout | undefined): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
