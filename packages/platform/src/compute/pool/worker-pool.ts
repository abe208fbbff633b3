/** Runs work in a pool of worker processes: starts them when first needed, replaces dead ones, and keeps one for short work. */

import { NomalyError, throwIfAborted, unpackError } from "@nomaly/detect";
import { deathError, overloaded, tooLong, workerFailed } from "../fault-details.ts";
import { WorkTimes } from "./work-times.ts";
import type { FromWorker, OrderKind, Outcomes, Question } from "../messages.ts";
import { PoolSlot, restMsOf } from "./pool-slot.ts";
import { Timers } from "./timers.ts";
import { type Lane, lanes, WorkQueue } from "./work-queue.ts";
import type { WorkerDeath, WorkerProcess } from "./worker-process.ts";
import { answerTo } from "./answer-question.ts";
import type { WorkerPoolOptions } from "./pool-options.ts";
import { errorOf, type Item, type PoolWork, tidyAfter } from "./pool-work.ts";
import type { WorkerPoolStats } from "./worker-pool-stats.ts";

/** How long a worker may go on after its work was aborted. */
const abortGraceMs = 1000;
const retryAfterSecondsMax = 60;
/** How often the pool looks for waiting work that can no longer begin in time. */
const lateLookMs = 1000;
/** An idle worker ends after this time, to free its memory. */
const idleMsMax = 60_000;
/** Pause between starts of workers that are not needed yet. */
const warmUpMs = 500;

type SlowLane = Exclude<Lane, "short">;
const slowLanes = ["file", "long"] as const satisfies readonly SlowLane[];

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: readonly PoolSlot[];
  readonly #queue: WorkQueue<Item>;
  readonly #timers = new Timers();
  readonly #counts = {
    inWorker: 0,
    finished: 0,
    refused: 0,
    aborted: 0,
    crashed: 0,
    outOfMemory: 0,
    outOfTime: 0,
    replaced: 0,
  };
  readonly #times: Readonly<Record<SlowLane, WorkTimes>>;
  #lateLook: NodeJS.Timeout | undefined;
  #itemCount = 0;
  #closed = false;
  #whenIdle: (() => void) | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#queue = new WorkQueue(options.limits);
    this.#times = { file: new WorkTimes(options.clock), long: new WorkTimes(options.clock) };
    this.#slots = lanes.flatMap((lane) => Array.from({ length: options.lanes[lane].count }, () => new PoolSlot(lane)));
  }

  /** @throws NomalyError OVERLOADED at once when the queue is full, ABORTED, WORKER, TOO_LARGE, and errors of the work itself. */
  async run<Kind extends OrderKind>(work: PoolWork<Kind>): Promise<Outcomes[Kind]> {
    const { signal } = work.control;
    throwIfAborted(signal);
    if (this.#closed) throw overloaded("compute is closing", 1);
    const { lane, rowCount, sizeBytes, estimateMs } = work;
    const general = work as unknown as PoolWork<OrderKind>;
    if (this.#queue.laneCount(lane) > 0 || this.#freeSlot(lane) === undefined) this.#requireRoom(general);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++this.#itemCount;
    const item: Item = { id, work: general, lane, rowCount, sizeBytes, estimateMs, attempt: 1, settled: false, resolve, reject };
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

  /** Estimated seconds until the work that waits now is done. */
  #retryAfterSeconds(): number {
    const waits = [this.shortWaitSeconds(), ...slowLanes.map((lane) => this.#slowWaitMs(lane) / 1000)];
    return Math.min(retryAfterSecondsMax, Math.max(1, Math.ceil(Math.max(...waits))));
  }

  /** Estimated seconds that a request with rows would wait. */
  shortWaitSeconds(): number {
    return this.#queue.waitMs("short", this.#workersFor("short")) / 1000;
  }

  /** Starts workers before there is work: the first at once, and with enough memory one of each other lane a little later. */
  warmUp(): void {
    const [first, ...others] = lanes.map((lane) => this.#slots.find((slot) => slot.lane === lane) as PoolSlot);
    this.#warm(first);
    if (!this.#options.isRoomy) return;
    for (const [place, slot] of others.entries()) this.#timers.later(warmUpMs * (place + 1), () => this.#warm(slot), "unref");
  }

  #warm(slot: PoolSlot): void {
    if (this.#closed) return;
    try {
      slot.worker ??= this.#startInto(slot);
    } catch {
      // The system has no room for a process now. Work that needs one tries again, and reports the error.
    }
  }

  drop(versionIds: readonly string[]): void {
    for (const { worker } of this.#slots) worker?.post({ kind: "drop", versionIds });
  }

  /** Refuses new and waiting work, lets running work finish within `waitMs`, then kills its workers. */
  async close(waitMs: number): Promise<void> {
    this.#closed = true;
    for (const lane of lanes) {
      for (let item = this.#queue.shift(lane); item !== undefined; item = this.#queue.shift(lane)) {
        item.reject(overloaded("compute is closing", 1));
      }
    }
    if (this.#busyCount() > 0 && waitMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenIdle = resolve;
      this.#timers.later(waitMs, resolve);
      await promise;
    }
    const ended = this.#slots.map((slot) => this.#abandon(slot, workerFailed("the worker was ended because compute closed")));
    this.#timers.clear();
    clearInterval(this.#lateLook);
    await Promise.all(ended);
  }

  readonly pids = (): number[] => this.#slots.flatMap(({ worker }) => worker?.pid ?? []);

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

  #busyCount(lane?: Lane): number {
    return this.#slots.filter(({ running }) => running !== undefined && (lane ?? running.lane) === running.lane).length;
  }

  #workersFor(lane: Lane): number {
    const own = this.#options.lanes[lane].count;
    return lane === "short" ? own + this.#options.lanes.long.count - this.#busyCount("long") : own;
  }

  #requireRoom(work: PoolWork<OrderKind>): void {
    const why = this.#queue.refusal(work, this.#workersFor(work.lane)) ?? this.#lateness(work);
    if (why === undefined) return;
    throw this.#refused(why);
  }

  #refused(why: string): Error {
    this.#counts.refused++;
    return overloaded(`compute has as much work as it takes: ${why}`, this.#retryAfterSeconds());
  }

  /** The reason why work cannot begin before its caller stops waiting; undefined if it can. */
  #lateness({ lane, control }: PoolWork<OrderKind>, aheadCount = this.#queue.laneCount(lane)): string | undefined {
    if (lane === "short" || control.timeLeftMs === undefined) return undefined;
    return this.#slowWaitMs(lane, aheadCount) < control.timeLeftMs() ? undefined : "it could not begin in the time that is left";
  }

  #slowWaitMs(lane: SlowLane, aheadCount = this.#queue.laneCount(lane)): number {
    return this.#times[lane].waitMs(aheadCount, this.#options.lanes[lane].count);
  }

  /** Refuses waiting work that can no longer begin in time, so that its caller still has time to do something else. */
  #refuseLate(): void {
    for (const lane of slowLanes) {
      for (const [place, item] of this.#queue.itemsOf(lane).entries()) {
        const why = this.#lateness(item.work, place);
        if (why === undefined || !this.#queue.remove(item)) continue;
        item.reject(this.#refused(why));
      }
    }
    this.#lookAgain();
  }

  /** Repeats that check while work waits. */
  #lookAgain(): void {
    if (slowLanes.every((lane) => this.#queue.laneCount(lane) === 0)) {
      clearInterval(this.#lateLook);
      this.#lateLook = undefined;
    } else this.#lateLook ??= setInterval(() => this.#refuseLate(), lateLookMs).unref();
  }

  /** A slot that may take work of this lane now, preferably one whose worker is running. */
  #freeSlot(lane: Lane): PoolSlot | undefined {
    const now = this.#options.clock.now();
    const free = this.#slots.filter((slot) => slot.takes(lane) && slot.running === undefined && slot.restUntilMs <= now);
    return free.find((slot) => slot.worker !== undefined) ?? free.at(0);
  }

  /** Slots that take both run long work before short work, because short work has a slot of its own. */
  #dispatch(): void {
    for (const lane of ["long", "file", "short"] as const) {
      for (let slot = this.#freeSlot(lane); slot !== undefined && !this.#closed; slot = this.#freeSlot(lane)) {
        const item = this.#queue.shift(lane);
        if (item === undefined) break;
        this.#begin(slot, item);
      }
    }
    this.#lookAgain();
  }

  #begin(slot: PoolSlot, item: Item): void {
    const { work, id, attempt, lane } = item;
    const fault = this.#options.faults?.(work.kind, attempt);
    const alone = this.#busyCount("long") === 0;
    slot.running = item;
    this.#timers.forget(slot.idle);
    if (attempt === 1) this.#counts.inWorker++;
    try {
      slot.worker ??= this.#startInto(slot);
      slot.worker.setBusy(true);
      const order = work.order(alone);
      slot.worker.post({ kind: "order", id, order, ...(fault === undefined ? {} : { fault }) });
    } catch (error) {
      // No process could be started, or the rows cannot be cloned. This fails the work, but no worker.
      slot.running = undefined;
      slot.worker?.setBusy(false);
      item.reject(errorOf(error));
      return;
    }
    if (lane !== "short") this.#times[lane].begin(id);
    work.control.begun?.();
    if (work.timeMsMax !== undefined) slot.limit = this.#timers.later(work.timeMsMax, () => this.#outOfTime(slot, item));
  }

  #startInto(slot: PoolSlot): WorkerProcess {
    const worker: WorkerProcess = this.#options.start(this.#options.lanes[slot.lane].worker, {
      onMessage: (message) => {
        if (slot.worker === worker) this.#receive(slot, message);
      },
      onDeath: (death) => {
        if (slot.worker === worker) this.#bury(slot, death);
      },
    });
    if (slot.used) this.#counts.replaced++;
    slot.used = true;
    slot.finishedCount = 0;
    return worker;
  }

  #receive(slot: PoolSlot, message: FromWorker): void {
    const item = slot.running;
    if (item === undefined || item.id !== message.id) return;
    switch (message.kind) {
      case "progress":
        if (!item.settled) item.work.control.progress?.(message.done);
        return;
      case "ask":
        void this.#answer(slot, item, message.question); // An error rejects the item.
        return;
      case "done":
        // The caller has left, so the files that the work wrote are removed.
        if (item.settled) tidyAfter(item);
        item.resolve(message.outcome);
        return this.#free(slot, item);
      case "failed":
        tidyAfter(item);
        if (message.memory === true && item.lane !== "short") return this.#outOfMemory(slot, item, unpackError(message.error));
        item.reject(unpackError(message.error));
        return this.#free(slot, item);
    }
  }

  /** Earlier work may have filled the worker's memory, so a new worker tries the work again. */
  #outOfMemory(slot: PoolSlot, item: Item, error: Error): void {
    const isFresh = slot.finishedCount === 0;
    this.#counts.outOfMemory++;
    this.#release(slot, item);
    this.#end(slot);
    if (isFresh || !this.#isTriedAgain(item)) item.reject(error);
    this.#settle();
  }

  async #answer(slot: PoolSlot, item: Item, question: Question): Promise<void> {
    const { attempt } = item;
    const isCurrent = () => slot.running === item && item.attempt === attempt;
    try {
      const answer = await answerTo(question, item.work);
      if (isCurrent()) slot.worker?.post({ kind: "answer", id: item.id, answer });
    } catch (error) {
      if (!isCurrent()) return;
      item.reject(errorOf(error));
      slot.worker?.post({ kind: "abort", id: item.id });
    }
  }

  #free(slot: PoolSlot, item: Item): void {
    this.#counts.finished++;
    this.#release(slot, item);
    slot.deathCount = 0;
    slot.finishedCount++;
    slot.worker?.setBusy(false);
    const { memoryBytesMax } = this.#options.lanes[slot.lane].worker;
    // A process does not give back all memory of a file or fit, so the next work gets a new process.
    const isFull = item.lane !== "short" && (slot.worker?.residentBytes() ?? 0) > memoryBytesMax / 2;
    if (isFull) this.#end(slot);
    const isWarm = this.#options.isRoomy || slot === this.#slots[0];
    if (isFull && isWarm) this.#warm(slot);
    if (!isWarm) slot.idle = this.#timers.later(idleMsMax, () => this.#end(slot), "unref");
    this.#settle();
  }

  /** Takes the work out of the slot. */
  #release(slot: PoolSlot, item: Item | undefined): void {
    slot.running = undefined;
    this.#timers.forget(slot.limit);
    if (item !== undefined && item.lane !== "short") this.#times[item.lane].end(item.id);
  }

  /** Ends an idle worker. */
  #end(slot: PoolSlot): void {
    if (slot.running !== undefined) return;
    void slot.worker?.terminate(); // Nothing depends on when the process ends.
    slot.worker = undefined;
    slot.used = false;
  }

  #settle(): void {
    this.#refuseLate();
    this.#dispatch();
    if (this.#busyCount() === 0) this.#whenIdle?.();
  }

  #abort(item: Item): void {
    this.#counts.aborted++;
    item.settled = true;
    item.reject(new NomalyError("ABORTED", "the work was stopped by its caller", { cause: item.work.control.signal?.reason }));
    if (this.#queue.remove(item)) return;
    const slot = this.#slots.find((candidate) => candidate.running === item);
    if (slot === undefined) return;
    slot.worker?.post({ kind: "abort", id: item.id });
    this.#timers.later(abortGraceMs, () => {
      if (slot.running === item) this.#kill(slot, workerFailed("the worker did not stop in time"));
    });
  }

  #outOfTime(slot: PoolSlot, item: Item): void {
    if (slot.running !== item) return;
    this.#counts.outOfTime++;
    this.#kill(slot, tooLong(item.work));
  }

  #kill(slot: PoolSlot, reason: Error): void {
    void this.#abandon(slot, reason); // Nothing depends on when the worker ends: the pool ignores its messages.
    this.#settle();
  }

  /** Takes worker and work out of the slot. Resolves once the worker has ended and its files are removed. */
  async #abandon(slot: PoolSlot, reason: Error): Promise<void> {
    const { running, worker } = slot;
    slot.worker = undefined;
    this.#release(slot, running);
    running?.reject(reason);
    await worker?.terminate();
    if (running !== undefined) tidyAfter(running);
  }

  #bury(slot: PoolSlot, death: WorkerDeath): void {
    this.#counts.crashed++;
    if (death.cause === "memory") this.#counts.outOfMemory++;
    const item = slot.running;
    const isFresh = slot.finishedCount === 0;
    slot.worker = undefined;
    this.#release(slot, item);
    const restMs = restMsOf(slot.deathCount++);
    slot.restUntilMs = this.#options.clock.now() + restMs;
    if (item !== undefined) this.#afterDeath(item, death, isFresh);
    // 1 ms longer than the pause, as a timer may fire a little early.
    if (restMs > 0) this.#timers.later(restMs + 1, () => this.#dispatch());
    this.#settle();
  }

  /** @param isFresh this was the worker's first work, so all memory that it took was for this work. */
  #afterDeath(item: Item, death: WorkerDeath, isFresh: boolean): void {
    tidyAfter(item);
    const isItsOwn = isFresh && death.cause === "memory";
    if (item.settled || (!isItsOwn && this.#isTriedAgain(item))) return;
    item.reject(deathError(item.work, death, this.#options.lanes[item.lane].worker.memoryBytesMax));
  }

  #isTriedAgain(item: Item): boolean {
    if (!item.work.triesAgain || item.attempt > 1 || item.settled || this.#closed) return false;
    item.attempt = 2;
    this.#queue.pushFirst(item);
    return true;
  }
}
