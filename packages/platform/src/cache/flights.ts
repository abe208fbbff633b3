/** Single flight: callers that ask for the same key at the same time share one load. */

import { NomalyError } from "@nomaly/detect";

export interface Flights<T> {
  /**
   * Joins the flight under this key, or starts one. Its load is aborted once every caller has gone.
   * @param isJoinable false for a flight that began before an invalidation of its tags: this caller must not get its answer.
   */
  join(key: string, generation: number, start: (signal: AbortSignal) => Promise<T>, options: JoinOptions): Promise<T>;
  count(): number;
  /** Aborts all loads. */
  stopAll(): void;
}

export interface JoinOptions {
  readonly isJoinable: (generation: number) => boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Flight<T> {
  readonly generation: number;
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  callerCount: number;
}

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();
  const controllers = new Set<AbortController>();

  function depart(key: string, generation: number, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const answer = start(controller.signal);
    const flight: Flight<T> = { generation, answer, controller, callerCount: 0 };
    const land = () => {
      controllers.delete(controller);
      if (flights.get(key) === flight) flights.delete(key);
    };
    // Handling the rejection here keeps it from being unhandled when every caller has gone.
    answer.then(land, land);
    flights.set(key, flight);
    controllers.add(controller);
    return flight;
  }

  function leave(key: string, flight: Flight<T>): void {
    flight.callerCount--;
    if (flight.callerCount > 0) return;
    if (flights.get(key) === flight) flights.delete(key);
    // A load that has ended cannot be aborted.
    if (controllers.has(flight.controller)) flight.controller.abort(aborted());
  }

  return {
    async join(key, generation, start, { isJoinable, signal }) {
      if (signal?.aborted) throw aborted(signal.reason);
      const found = flights.get(key);
      const flight = found !== undefined && isJoinable(found.generation) ? found : depart(key, generation, start);
      flight.callerCount++;
      try {
        return await untilAborted(flight.answer, signal);
      } finally {
        leave(key, flight);
      }
    },
    count: () => controllers.size,
    stopAll() {
      for (const controller of controllers) controller.abort(aborted());
    },
  };
}

function untilAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(aborted(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function aborted(cause?: unknown): NomalyError {
  return new NomalyError("ABORTED", "the caller stopped waiting for a cached value", { cause });
}
