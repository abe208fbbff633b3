/** A closed loop: each connection sends its next request when the last one is answered, as so many patient clients would. */

import type { Connection, Reply } from "../http/connection.ts";
import type { LoopControl } from "./loop-control.ts";

/** Before a connection tries again where nothing listens, so that a server that is down is not asked as fast as it refuses. */
const errorPauseMs = 100;

/**
 * Does what a client should that is told to come later: a connection that got 429 or 503 with Retry-After waits that long.
 * @returns how often one waited so.
 */
export async function closedLoop(connections: readonly Connection[], control: LoopControl): Promise<number> {
  const { phases, signal, pause, begin } = control;
  let waitCount = 0;
  const one = async (connection: Connection, index: number) => {
    await pause(phases.start + ((phases.full - phases.start) * index) / connections.length - performance.now());
    for (let now = performance.now(); now < phases.end && !signal.aborted; now = performance.now()) {
      const { request, note } = begin(now);
      const reply = await connection.send(request);
      note(reply, performance.now() - now);
      const waitMs = waitAfter(reply);
      if (waitMs === 0) continue;
      if (reply.kind === "answer") waitCount++;
      const leftMs = phases.end - performance.now();
      await pause(Math.min(waitMs, leftMs));
      // A timer may come a millisecond early: whoever was told to wait beyond the end sends nothing more.
      if (waitMs >= leftMs) return;
    }
  };
  await Promise.all(connections.map(one));
  return waitCount;
}

function waitAfter(reply: Reply): number {
  if (reply.kind === "stopped") return 0;
  if (reply.kind === "error") return errorPauseMs;
  const { status, retryAfterSeconds = 0 } = reply.answer;
  return status === 429 || status === 503 ? retryAfterSeconds * 1000 : 0;
}
