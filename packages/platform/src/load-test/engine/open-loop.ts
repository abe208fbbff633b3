/**
 * An open loop: requests begin at their times, whether or not earlier ones are answered, as those of many independent users do. A request that finds
 * no free connection waits for one; its time counts from when it was meant to begin, so that a server that stalls is not spared
 * (Gil Tene's "coordinated omission").
 */

import type { Connection } from "../http/connection.ts";
import { scheduleOf } from "./phases.ts";
import type { LoopControl } from "./loop-control.ts";

/**
 * Timers of Node come about a millisecond late; what is due sooner is awaited turn by turn of the event loop. More would keep a core busier without
 * being more punctual: on a busy machine, whoever is always busy waits longest for a core.
 */
const timerSlackMs = 1;

/** @returns how many measured requests were never sent: their turn had not come at the end of the time-out after the end. */
export async function openLoop(
  connections: readonly Connection[],
  control: LoopControl & { readonly ratePerSecond: number; readonly timeoutMs: number },
): Promise<number> {
  const { phases, signal, pause, begin, ratePerSecond, timeoutMs } = control;
  const schedule = scheduleOf(phases, ratePerSecond);
  const arrivalCount = schedule.countBefore(phases.end);
  const patience = phases.end + timeoutMs;
  const free = [...connections];
  let sentCount = 0;

  /** Sends all that is due and finds a free connection. */
  function send(): void {
    while (free.length > 0 && sentCount < arrivalCount && !signal.aborted) {
      const [intended, now] = [schedule.startOf(sentCount), performance.now()];
      if (intended > now || now >= patience) return;
      sentCount++;
      void exchange(free.pop() as Connection, intended);
    }
  }

  /** Never rejects, as sending never does. */
  async function exchange(connection: Connection, intended: number): Promise<void> {
    const { request, note } = begin(intended);
    const reply = await connection.send(request);
    note(reply, performance.now() - intended);
    free.push(connection);
    send();
  }

  const isDone = () => sentCount === arrivalCount && free.length === connections.length;
  while (!isDone() && performance.now() < patience && !signal.aborted) {
    send();
    const waitMs = sentCount < arrivalCount && free.length > 0 ? schedule.startOf(sentCount) - performance.now() : 20;
    if (waitMs > timerSlackMs) await pause(waitMs - timerSlackMs);
    else await new Promise((turn) => setImmediate(turn));
  }
  if (signal.aborted) return 0;
  // The last ones that were sent may take their own time-out.
  while (free.length < connections.length && !signal.aborted) await pause(20);
  return arrivalCount - Math.max(sentCount, schedule.countBefore(phases.measured));
}
