/** The times of a load test: the load rises, then warms the server up, then is measured. */

export interface Phases {
  /** Milliseconds of performance.now(), as all of these. */
  readonly start: number;
  /** From here the load is full. */
  readonly full: number;
  /** Requests that begin from here on are measured. */
  readonly measured: number;
  /** No request begins from here on. */
  readonly end: number;
}

export interface PhaseLengths {
  readonly rampMs: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export function phasesFrom(start: number, { rampMs, warmUpMs, durationMs }: PhaseLengths): Phases {
  const full = start + rampMs;
  const measured = full + warmUpMs;
  return { start, full, measured, end: measured + durationMs };
}

/** When each request of an open loop is meant to begin, and how many begin before a time. */
export interface Schedule {
  readonly startOf: (index: number) => number;
  /** How many requests are meant to begin before `time`. */
  readonly countBefore: (time: number) => number;
}

/** The rate rises evenly from nothing until `full`, and stays. */
export function scheduleOf({ start, full }: Pick<Phases, "start" | "full">, ratePerSecond: number): Schedule {
  const ratePerMs = ratePerSecond / 1000;
  const rampMs = full - start;
  const rampCount = (ratePerMs * rampMs) / 2;
  return {
    startOf(index) {
      if (index >= rampCount) return full + (index - rampCount) / ratePerMs;
      return start + Math.sqrt((2 * index * rampMs) / ratePerMs);
    },
    countBefore(time) {
      if (time <= start) return 0;
      const elapsed = time - start;
      const due = time >= full ? rampCount + (time - full) * ratePerMs : (ratePerMs * elapsed ** 2) / (2 * rampMs);
      // A request that is meant to begin just then does not begin before.
      return Math.max(0, Math.ceil(due - 1e-6));
    },
  };
}
