/**
 * Watches answers that clients have not read yet, which stay in memory. It cuts off a client that reads nothing for a while. When
 * the answers together exceed a limit, it cuts off sooner, and costly requests are refused.
 */

import type { ServerResponse } from "node:http";
import type { App } from "../app.ts";
import { counter, gauge, type StatsOf } from "../../watch/metric-kinds.ts";
import { whenOver } from "../gate/when-over.ts";

export interface AnswerLimits {
  /** Limit of all unread answers together. */
  readonly bytesMax: number;
  /** A client that reads nothing for longer is cut off. */
  readonly idleMsMax: number;
  /** The same while unread answers are over `bytesMax`. */
  readonly pressedIdleMsMax: number;
  readonly lookMs: number;
}

export const answerDefaults = { idleMsMax: 20_000, pressedIdleMsMax: 1000, lookMs: 250 } as const;

export interface Answers {
  /** The reason to refuse costly requests; undefined while there is none. */
  refusal(): string | undefined;
  stats(): AnswerStats;
}

export const answerMetrics = {
  waitingAnswers: gauge("Answers that their clients have not read yet"),
  waitingBytes: gauge("Bytes of answers that their clients have not read yet"),
  cutOff: counter("Answers cut off because their clients did not read them"),
};
export type AnswerStats = StatsOf<typeof answerMetrics>;

/** Smaller answers are not watched: the buffers of a connection hold as much anyway. */
const watchedBytesMin = 16 * 1024;

interface Waiting {
  readonly sizeBytes: number;
  /** Bytes that the process had sent at the last look. */
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
      if (leftBytes !== one.leftBytes || isAllSent(raw)) {
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
    // A stream of events may be silent for long.
    if (request.routeOptions.config.isStream !== true) {
      const sizeBytes = sizeOf(payload);
      if (sizeBytes >= watchedBytesMin) watch(reply.raw, sizeBytes);
    }
    done(null, payload);
  });
  return {
    refusal: () =>
      waitingBytes > limits.bytesMax ? `${waitingBytes} bytes of answers wait for clients to read them` : undefined,
    stats: () => ({ waitingAnswers: waiting.size, waitingBytes, cutOff }),
  };
}

/** Memory of an answer that is streamed from a file. */
const streamBytes = 128 * 1024;

function sizeOf(payload: unknown): number {
  if (typeof payload === "string" || Buffer.isBuffer(payload)) return payload.length;
  return typeof payload === "object" && payload !== null && "pipe" in payload ? streamBytes : 0;
}

/** Bytes that this process has handed to the operating system. */
function leftBytesOf({ socket }: ServerResponse): number {
  return socket === null ? 0 : socket.bytesWritten - socket.writableLength;
}

/** The answer is still being made, and its client has read all there is. */
function isAllSent({ socket, writableEnded }: ServerResponse): boolean {
  return !writableEnded && socket !== null && socket.writableLength === 0;
}
