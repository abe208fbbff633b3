/** Runs a load test: connections, phases, the loop, time-outs, and progress once a second. */

import { setTimeout as delay } from "node:timers/promises";
import { type Connection, createConnection, type Reply } from "../http/connection.ts";
import type { Target } from "../target.ts";
import { closedLoop } from "./closed-loop.ts";
import type { LoopControl } from "./loop-control.ts";
import { openLoop } from "./open-loop.ts";
import { type PhaseLengths, type Phases, phasesFrom } from "./phases.ts";
import { createTally, type Tally } from "./tally.ts";

/** The requests of one kind. */
export interface RequestSource {
  readonly name: string;
  /** The next request, as letters. */
  next(): string;
}

export interface LoadPlan extends PhaseLengths {
  readonly target: Pick<Target, "endpoint">;
  /** Connections, of which each has one request at a time. */
  readonly concurrency: number;
  /** Requests a second of an open loop; undefined for a closed one. */
  readonly ratePerSecond: number | undefined;
  readonly timeoutMs: number;
  readonly sources: readonly RequestSource[];
  /** Index of the source whose turn it is; needed with several. */
  readonly choose?: () => number;
  readonly signal: AbortSignal;
  readonly onSecond?: (progress: LoadProgress) => void;
  /** Called with each measured reply. */
  readonly onReply?: (reply: Reply, elapsedMs: number) => void;
}

export interface LoadProgress {
  readonly phase: "ramp" | "warm-up" | "measured";
  /** Of the whole time, 0 to 1. */
  readonly share: number;
  /** Requests that ended in the last second, and how many of them failed. */
  readonly requestCount: number;
  readonly failureCount: number;
}

export interface LoadResult {
  readonly overall: Tally;
  /** In the order of the sources. */
  readonly bySource: readonly Tally[];
  /** From the beginning of the measured time to the last answer. */
  readonly elapsedMs: number;
  /** How often a connection waited because the server said so by Retry-After. */
  readonly retryAfterWaits: number;
  readonly isStopped: boolean;
}

const checkIntervalMs = 50;
const secondMs = 1000;

/** Never rejects for what the server does: each failure is counted. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const { sources, signal, timeoutMs, concurrency, target, ratePerSecond } = plan;
  const [overall, bySource] = [createTally(), sources.map(createTally)];
  const connections = Array.from({ length: concurrency }, () => createConnection({ endpoint: target.endpoint, timeoutMs }));
  const stop = () => connections.forEach((connection) => connection.close());
  signal.addEventListener("abort", stop, { once: true });
  const checks = setInterval(() => checkAll(connections), checkIntervalMs);
  // Before the clock starts, unless the connections come one after another.
  if (plan.rampMs === 0 && !signal.aborted) await Promise.all(connections.map((connection) => connection.open()));
  const phases = phasesFrom(performance.now(), plan);
  const recent = { requestCount: 0, failureCount: 0 };
  const seconds = setInterval(() => reportSecond(plan, phases, recent), secondMs);
  const control: LoopControl = { phases, signal, pause: pauseFor(signal), begin };

  function begin(intended: number): ReturnType<LoopControl["begin"]> {
    const index = sources.length === 1 ? 0 : (plan.choose?.() ?? 0);
    const isMeasured = intended >= phases.measured;
    const note = (reply: Reply, elapsedMs: number) => {
      recent.requestCount++;
      if (reply.kind !== "answer" || reply.answer.status >= 300) recent.failureCount++;
      if (!isMeasured) return;
      overall.note(reply, elapsedMs);
      bySource[index].note(reply, elapsedMs);
      plan.onReply?.(reply, elapsedMs);
    };
    return { request: sources[index].next(), note };
  }

  try {
    const isOpen = ratePerSecond !== undefined;
    const retryAfterWaits = isOpen ? 0 : await closedLoop(connections, control);
    if (isOpen) overall.noteErrors("unsent", await openLoop(connections, { ...control, ratePerSecond, timeoutMs }));
    const elapsedMs = Math.max(0, performance.now() - phases.measured);
    return { overall, bySource, elapsedMs, retryAfterWaits, isStopped: signal.aborted };
  } finally {
    clearInterval(seconds);
    clearInterval(checks);
    signal.removeEventListener("abort", stop);
    stop();
  }
}

function checkAll(connections: readonly Connection[]): void {
  const now = performance.now();
  for (const connection of connections) connection.check(now);
}

function reportSecond({ onSecond }: LoadPlan, phases: Phases, recent: { requestCount: number; failureCount: number }): void {
  const now = performance.now();
  const phase = now < phases.full ? "ramp" : now < phases.measured ? "warm-up" : "measured";
  const share = Math.min(1, (now - phases.start) / (phases.end - phases.start));
  onSecond?.({ phase, share, ...recent });
  recent.requestCount = 0;
  recent.failureCount = 0;
}

function pauseFor(signal: AbortSignal): (milliseconds: number) => Promise<void> {
  return async (milliseconds) => {
    if (milliseconds <= 0 || signal.aborted) return;
    // Rejects only when the signal ends it, which the caller looks at.
    await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  };
}
