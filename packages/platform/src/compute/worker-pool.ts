/** Workers for fits and scores: started when first needed, replaced when they die, with a worker always left for short work. */

import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { overloaded, workerFailed } from "./fault-details.ts";
import type { Fault, FromWorker, OrderKind, Outcomes, Sending } from "./messages.ts";
import { unpackError } from "./messages.ts";
import type { BodyFields, Control } from "./work.ts";
import type { Lane, Load, QueueLimits } from "./work-queue.ts";
import { WorkQueue } from "./work-queue.ts";
import type { StartWorkerThread, WorkerThread, WorkerThreadOptions } from "./worker-thread.ts";
import type { MetricKinds } from "../watch/metric-kinds.ts";

/** How long a worker may go on after its work was aborted. */
const abortGraceMs = 1000;
/** A worker that asks about a body does nothing else until it is answered. */
const answerMsMax = 5000;
/** Rest of a place whose workers die one after the other: none at first, then doubling. */
const restMsFirst = 100;
const restMsMax = 5000;
const retryAfterSecondsMax = 60;

export interface PoolWork<Kind extends OrderKind> extends Load {
  readonly kind: Kind;
  /** Called for each try. @param alone no other long work runs. */
  readonly order: (alone: boolean) => Sending<Kind>;
  /** Scoring is tried a second time when its worker dies; whoever trains decides that for himself. */
  readonly triesAgain: boolean;
  /** Answers what a worker asks about a body. */
  readonly answer?: (fields: BodyFields) => Promise<unknown>;
  /** The worker ended before it could tidy up. */
  readonly cleanUp?: () => void;
  readonly control: Control;
}

export interface WorkerPoolOptions {
  readonly workerCount: number;
  readonly limits: QueueLimits;
  readonly thread: WorkerThreadOptions;
  readonly start: StartWorkerThread;
  readonly clock: { now(): number };
  /** The fault that a try is to have. */
  readonly faults?: ((kind: OrderKind, attempt: number) => Fault | undefined) | undefined;
}

interface Item extends Load {
  readonly id: number;
  readonly work: PoolWork<OrderKind>;
  attempt: number;
  settled: boolean;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** A place for a worker. */
interface Slot {
  worker: WorkerThread | undefined;
  running: Item | undefined;
  /** Deaths since a worker of this place last finished something. */
  deathCount: number;
  restUntilMs: number;
  /** Whether a worker was here before. */
  used: boolean;
}

export interface WorkerPoolStats {
  readonly workers: number;
  readonly busy: number;
  readonly queuedItems: number;
  readonly queuedRows: number;
  readonly queuedBytes: number;
  /** Pieces of work that a worker has begun. */
  readonly inWorker: number;
  readonly finished: number;
  readonly refused: number;
  readonly aborted: number;
  readonly crashed: number;
  readonly replaced: number;
}

export const workerPoolKinds: MetricKinds<WorkerPoolStats> = {
  workers: "gauge",
  busy: "gauge",
  queuedItems: "gauge",
  queuedRows: "gauge",
  queuedBytes: "gauge",
  inWorker: "counter",
  finished: "counter",
  refused: "counter",
  aborted: "counter",
  crashed: "counter",
  replaced: "counter",
};

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: readonly Slot[];
  readonly #queue: WorkQueue<Item>;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #counts = { inWorker: 0, finished: 0, refused: 0, aborted: 0, crashed: 0, replaced: 0 };
  #itemCount = 0;
  #closed = false;
  #whenIdle: (() => void) | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#queue = new WorkQueue(options.limits);
    // With one core too there are two: long work in one must not hold up short work.
    const slotCount = Math.max(2, options.workerCount);
    this.#slots = Array.from({ length: slotCount }, () => ({
      worker: undefined,
      running: undefined,
      deathCount: 0,
      restUntilMs: Number.NEGATIVE_INFINITY,
      used: false,
    }));
  }

  /** @throws NomalyError OVERLOADED at once when the queue is full, ABORTED, WORKER, or what the work itself threw. */
  async run<Kind extends OrderKind>(work: PoolWork<Kind>): Promise<Outcomes[Kind]> {
    throwIfAborted(work.control.signal);
    if (this.#closed) throw overloaded("compute is closing", 1);
    const { signal } = work.control;
    const { lane, rowCount, sizeBytes, estimateMs } = work;
    if (!this.#canStart(lane)) this.#requireRoom(work);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const item: Item = {
      id: ++this.#itemCount,
      work: work as unknown as PoolWork<OrderKind>,
      lane,
      rowCount,
      sizeBytes,
      estimateMs,
      attempt: 1,
      settled: false,
      resolve,
      reject,
    };
    const onAbort = () => this.#abort(item);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#queue.push(item);
    this.#dispatch();
    try {
      return (await promise) as Outcomes[Kind];
    } finally {
      item.settled = true;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Seconds until what waits now is done, as far as one can tell. */
  retryAfterSeconds(): number {
    const waitMs = Math.max(
      this.#queue.waitMs("short", this.#workersFor("short")),
      this.#queue.waitMs("long", this.#workersFor("long")),
    );
    return Math.min(retryAfterSecondsMax, Math.max(1, Math.ceil(waitMs / 1000)));
  }

  /** Starts a worker before there is work for it. */
  warmUp(): void {
    const slot = this.#slots[0];
    if (!this.#closed) slot.worker ??= this.#startInto(slot);
  }

  drop(versionIds: readonly string[]): void {
    for (const { worker } of this.#slots) worker?.post({ kind: "drop", versionIds });
  }

  /** Refuses new work and what waits; what runs may finish within the bound, then it is ended. */
  async close(waitMs: number): Promise<void> {
    this.#closed = true;
    for (const lane of ["short", "long"] as const) {
      for (let item = this.#queue.shift(lane); item !== undefined; item = this.#queue.shift(lane)) {
        item.reject(overloaded("compute is closing", 1));
      }
    }
    if (this.#busyCount() > 0 && waitMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenIdle = resolve;
      this.#later(waitMs, resolve);
      await promise;
    }
    const workers = this.#slots.flatMap((slot) => slot.worker ?? []);
    for (const slot of this.#slots) this.#abandon(slot, workerFailed("the worker was ended because compute closed"));
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  stats(): WorkerPoolStats {
    return {
      workers: this.#slots.filter((slot) => slot.worker !== undefined).length,
      busy: this.#busyCount(),
      queuedItems: this.#queue.itemCount,
      queuedRows: this.#queue.rowCount,
      queuedBytes: this.#queue.sizeBytes,
      ...this.#counts,
    };
  }

  #busyCount(): number {
    return this.#slots.filter((slot) => slot.running !== undefined).length;
  }

  #longCount(): number {
    return this.#slots.filter((slot) => slot.running?.lane === "long").length;
  }

  #workersFor(lane: Lane): number {
    return lane === "long" ? this.#slots.length - 1 : this.#slots.length - this.#longCount();
  }

  #requireRoom(load: Load): void {
    const why = this.#queue.refusal(load, this.#workersFor(load.lane));
    if (why === undefined) return;
    this.#counts.refused++;
    throw overloaded(`compute has as much work as it takes: ${why}`, this.retryAfterSeconds());
  }

  /** A place that may take work now; one with a worker before one that must start it. */
  #freeSlot(): Slot | undefined {
    const now = this.#options.clock.now();
    const free = this.#slots.filter((slot) => slot.running === undefined && slot.restUntilMs <= now);
    return free.find((slot) => slot.worker !== undefined) ?? free[0];
  }

  #mayStart(lane: Lane): boolean {
    return lane === "short" || this.#longCount() < this.#slots.length - 1;
  }

  #canStart(lane: Lane): boolean {
    return this.#queue.laneCount(lane) === 0 && this.#mayStart(lane) && this.#freeSlot() !== undefined;
  }

  #dispatch(): void {
    for (let slot = this.#freeSlot(); slot !== undefined && !this.#closed; slot = this.#freeSlot()) {
      const item = this.#next();
      if (item === undefined) return;
      this.#begin(slot, item);
    }
  }

  /** Short work first, but long work is never kept out altogether. */
  #next(): Item | undefined {
    const first: Lane = this.#longCount() === 0 ? "long" : "short";
    const second: Lane = first === "long" ? "short" : "long";
    return this.#queue.shift(first) ?? (this.#mayStart(second) ? this.#queue.shift(second) : undefined);
  }

  #begin(slot: Slot, item: Item): void {
    const { work, id, attempt } = item;
    const fault = this.#options.faults?.(work.kind, attempt);
    const alone = this.#longCount() === 0;
    slot.running = item;
    if (attempt === 1) this.#counts.inWorker++;
    try {
      slot.worker ??= this.#startInto(slot);
      slot.worker.setBusy(true);
      const { order, transfer } = work.order(alone);
      slot.worker.post({ kind: "order", id, order, ...(fault === undefined ? {} : { fault }) }, transfer);
    } catch (error) {
      // No thread could be had, or the rows cannot be cloned: a fault of this work, which no worker has seen.
      slot.running = undefined;
      slot.worker?.setBusy(false);
      item.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #startInto(slot: Slot): WorkerThread {
    const worker: WorkerThread = this.#options.start(this.#options.thread, {
      onMessage: (message) => {
        if (slot.worker === worker) this.#receive(slot, message);
      },
      onDeath: (reason) => {
        if (slot.worker === worker) this.#bury(slot, reason);
      },
    });
    if (slot.used) this.#counts.replaced++;
    slot.used = true;
    return worker;
  }

  #receive(slot: Slot, message: FromWorker): void {
    const item = slot.running;
    if (item === undefined || item.id !== message.id) return;
    switch (message.kind) {
      case "progress":
        if (!item.settled) item.work.control.progress?.(message.done);
        return;
      case "ask":
        void this.#answer(slot, item, message.fields); // Its failure is the failure of the item.
        return;
      case "done":
        item.resolve(message.outcome);
        return this.#free(slot);
      case "failed":
        item.reject(unpackError(message.error));
        return this.#free(slot);
    }
  }

  async #answer(slot: Slot, item: Item, fields: string): Promise<void> {
    const { attempt } = item;
    const isCurrent = () => slot.running === item && item.attempt === attempt;
    const fail = (error: unknown) => {
      if (!isCurrent()) return;
      item.reject(error instanceof Error ? error : new Error(String(error)));
      slot.worker?.post({ kind: "abort", id: item.id });
    };
    const late = this.#later(answerMsMax, () => fail(new NomalyError("TIMEOUT", `no model was found in ${answerMsMax} ms`)));
    try {
      const answer = await item.work.answer?.(JSON.parse(fields) as BodyFields);
      if (isCurrent()) slot.worker?.post({ kind: "answer", id: item.id, answer });
    } catch (error) {
      fail(error);
    } finally {
      this.#forget(late);
    }
  }

  #free(slot: Slot): void {
    this.#counts.finished++;
    slot.running = undefined;
    slot.deathCount = 0;
    slot.worker?.setBusy(false);
    this.#settle();
  }

  #settle(): void {
    this.#dispatch();
    if (this.#busyCount() === 0) this.#whenIdle?.();
  }

  #abort(item: Item): void {
    this.#counts.aborted++;
    item.reject(new NomalyError("ABORTED", "the work was stopped by its caller", { cause: item.work.control.signal?.reason }));
    if (this.#queue.remove(item)) return;
    const slot = this.#slots.find((candidate) => candidate.running === item);
    if (slot === undefined) return;
    slot.worker?.post({ kind: "abort", id: item.id });
    this.#later(abortGraceMs, () => {
      if (slot.running !== item) return;
      const { worker } = slot;
      this.#abandon(slot, workerFailed("the worker did not stop in time"));
      void worker?.terminate(); // Nothing depends on when it is gone: its messages are no longer heeded.
      this.#settle();
    });
  }

  /** Takes worker and work out of the place. */
  #abandon(slot: Slot, reason: Error): void {
    const { running } = slot;
    slot.worker = undefined;
    slot.running = undefined;
    running?.reject(reason);
    running?.work.cleanUp?.();
  }

  #bury(slot: Slot, reason: string): void {
    this.#counts.crashed++;
    const item = slot.running;
    slot.worker = undefined;
    slot.running = undefined;
    const restMs = slot.deathCount === 0 ? 0 : Math.min(restMsMax, restMsFirst * 2 ** (slot.deathCount - 1));
    slot.deathCount++;
    slot.restUntilMs = this.#options.clock.now() + restMs;
    if (item !== undefined) this.#afterDeath(item, reason);
    // A moment more than the rest, as a timer may fire a little early.
    if (restMs > 0) this.#later(restMs + 1, () => this.#dispatch());
    this.#settle();
  }

  #afterDeath(item: Item, reason: string): void {
    item.work.cleanUp?.();
    if (item.settled) return;
    if (item.work.triesAgain && item.attempt === 1 && !this.#closed) {
      item.attempt = 2;
      return this.#queue.pushFirst(item);
    }
    item.reject(workerFailed(`a worker stopped in the middle of its work: ${reason}`));
  }

  #later(delayMs: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}
