/**
 * Answers on their way. One that its client does not read stays in memory: so their bytes are counted, whoever has read nothing for a while
 * is cut off, and when too much waits no more costly requests are let in, and whoever stands still longest goes.
 */

import type { ServerResponse } from "node:http";
import type { App } from "../app.ts";
import { counter, gauge, type StatsOf } from "../../watch/metric-kinds.ts";
import { whenOver } from "../gate/when-over.ts";

export interface AnswerLimits {
  /** Of all answers together that have not been read. */
  readonly bytesMax: number;
  /** Nothing was read for so long. */
  readonly idleMsMax: number;
  /** The same where more than `bytesMax` waits. */
  readonly pressedIdleMsMax: number;
  readonly lookMs: number;
}

export const answerDefaults = { idleMsMax: 20_000, pressedIdleMsMax: 1000, lookMs: 250 } as const;

export interface Answers {
  /** Why no more costly work is begun; `undefined` lets it in. */
  refusal(): string | undefined;
  stats(): AnswerStats;
}

export const answerMetrics = {
  waitingAnswers: gauge("Answers that their clients have not read yet"),
  waitingBytes: gauge("Bytes of answers that their clients have not read yet"),
  cutOff: counter("Answers cut off because their clients did not read them"),
};
export type AnswerStats = StatsOf<typeof answerMetrics>;

/** Smaller ones are not looked after: a connection holds as much anyway. */
const watchedBytesMin = 16 * 1024;

interface Waiting {
  readonly sizeBytes: number;
  /** Bytes that had left the process when it was last looked at. */
  leftBytes: number;
  movedAt: number;
}

export function watchAnswers(app: App, limits: AnswerLimits, now = () => performance.now()): Answers {
  const waiting = new Map<ServerResponse, Waiting>();
  let waitingBytes = 0;
  let cutOff = 0;

  function watch(raw: ServerResponse, sizeBytes: number): void {
    if (waiting.has(raw) || raw.destroyed) return;
    waiting.set(raw, { sizeBytes, leftBytes: leftBytesOf(raw), movedAt: now() });
    waitingBytes += sizeBytes;
    const forget = () => {
      if (waiting.delete(raw)) waitingBytes -= sizeBytes;
    };
    raw.once("finish", forget);
    whenOver(raw, forget);
  }

  function look(): void {
    const time = now();
    for (const [raw, one] of waiting) {
      const leftBytes = leftBytesOf(raw);
      if (leftBytes !== one.leftBytes) {
        one.leftBytes = leftBytes;
        one.movedAt = time;
        continue;
      }
      const idleMsMax = waitingBytes > limits.bytesMax ? limits.pressedIdleMsMax : limits.idleMsMax;
      if (time - one.movedAt < idleMsMax) continue;
      cutOff++;
      raw.destroy();
    }
  }

  const timer = setInterval(look, limits.lookMs);
  timer.unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(timer);
    done();
  });
  app.addHook("onSend", (request, reply, payload: unknown, done) => {
    // What goes on until its client leaves has nothing to say for long whiles.
    if (request.routeOptions.config.isStream !== true) {
      const sizeBytes = sizeOf(payload);
      if (sizeBytes >= watchedBytesMin) watch(reply.raw, sizeBytes);
    }
    done(null, payload);
  });
  return {
    refusal: () =>
      waitingBytes > limits.bytesMax ? `answers of ${waitingBytes} bytes wait for their clients to read them` : undefined,
    stats: () => ({ waitingAnswers: waiting.size, waitingBytes, cutOff }),
  };
}

/** A stream holds a few pieces at a time. */
const streamBytes = 128 * 1024;

function sizeOf(payload: unknown): number {
  if (typeof payload === "string" || Buffer.isBuffer(payload)) return payload.length;
  return typeof payload === "object" && payload !== null && "pipe" in payload ? streamBytes : 0;
}

/** Bytes that the system has taken over from this process. */
function leftBytesOf({ socket }: ServerResponse): number {
  return socket === null ? 0 : socket.bytesWritten - socket.writableLength;
}
