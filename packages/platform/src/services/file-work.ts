/** Reading files in the process that serves: little of it at once, the rest waits. Each reader may take a gigabyte and one thread. */

import { NomalyError } from "@nomaly/detect";

export interface Slots {
  /** In the order of the calls. @throws what the signal says when it fires while this waits; NomalyError OVERLOADED. */
  run<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value>;
}

interface Limits {
  readonly runningMax: number;
  readonly waitingMax: number;
}

export function createSlots({ runningMax, waitingMax }: Limits): Slots {
  let runningCount = 0;
  const waiting = new Set<() => void>();
  const turn = (signal: AbortSignal): Promise<void> => {
    if (waiting.size >= waitingMax) {
      throw new NomalyError("OVERLOADED", `${waitingMax} requests wait for files to be read already`, { field: "files" });
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(begin);
        reject(signal.reason as Error);
      };
      waiting.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  };
  return {
    async run(signal, work) {
      signal.throwIfAborted();
      // Whoever is let in has the place of the one that ended: nobody gets in between.
      if (runningCount < runningMax) runningCount++;
      else await turn(signal);
      try {
        return await work();
      } finally {
        const [next] = waiting;
        if (next === undefined) runningCount--;
        else {
          waiting.delete(next);
          next();
        }
      }
    },
  };
}

/** Of the process: its memory and processors are what there is little of. */
export const fileWork: Slots = createSlots({ runningMax: 2, waitingMax: 200 });
