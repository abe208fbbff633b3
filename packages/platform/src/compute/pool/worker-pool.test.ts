import { NomalyError, packError } from "@nomaly/detect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isRetryable, retryAfterSecondsOf } from "../fault-details.ts";
import type { ToWorker } from "../messages.ts";
import type { PoolWork } from "./pool-work.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { WorkerDeath, WorkerEvents, WorkerOptions } from "./worker-process.ts";

/** Workers that do what the test says: they answer orders, die, or do nothing. */
function poolOf(longCount = 1) {
  const workers: { readonly orders: number[]; readonly events: WorkerEvents; ended: boolean }[] = [];
  const options = { memoryBytesMax: 256 * 1024 ** 2 } as WorkerOptions;
  let nowMs = 0;
  const pool = new WorkerPool({
    lanes: {
      short: { count: 1, worker: options },
      file: { count: 1, worker: options },
      long: { count: longCount, worker: options },
    },
    isRoomy: false,
    limits: { rowCountMax: 1e9, sizeBytesMax: 1e12, itemCountMax: 1000, waitMsMax: 30_000 },
    clock: { now: () => nowMs },
    start: (_, events) => {
      const worker = { orders: [] as number[], events, ended: false };
      workers.push(worker);
      return {
        post: (message: ToWorker) => void (message.kind === "order" && worker.orders.push(message.id)),
        setBusy: () => {},
        residentBytes: () => 0,
        pid: undefined,
        terminate: () => Promise.resolve(void (worker.ended = true)),
      };
    },
  });
  return {
    pool,
    workers,
    pass: (ms: number) => void (nowMs += ms),
    finish: (worker: number) => {
      const { orders, events } = workers[worker];
      events.onMessage({ kind: "done", id: orders.at(-1) as number, outcome: "done" });
    },
    die: (worker: number, death: WorkerDeath) => workers[worker].events.onDeath(death),
  };
}

function work(kind: "train" | "inspect", given: Partial<PoolWork<"train">> = {}): PoolWork<"train"> {
  return {
    kind,
    subject: "FILE",
    field: "file",
    readsFile: true,
    triesAgain: false,
    lane: kind === "train" ? "long" : "file",
    rowCount: 1,
    sizeBytes: 1,
    estimateMs: 1,
    order: () => ({ kind }),
    modelBytes: () => Promise.reject(new Error("no model here")),
    control: {},
    ...given,
  } as unknown as PoolWork<"train">;
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

afterEach(() => vi.useRealTimers());

describe("work over a file that takes longer than it may", () => {
  it("is given up when its time is over and not before, its worker is ended, and the next one is done by another", async () => {
    vi.useFakeTimers();
    const { pool, workers, finish } = poolOf();
    const error = errorOf(pool.run(work("inspect", { timeMsMax: 20_000 })));
    await vi.advanceTimersByTimeAsync(19_999);
    expect(workers[0].ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await error).toMatchObject({ code: "TOO_LARGE", field: "file", expected: "at most 20 s" });
    expect(isRetryable(await error)).toBe(false);
    expect(workers[0].ended).toBe(true);
    expect(pool.stats()).toMatchObject({ outOfTime: 1, busy: 0, crashed: 0 });
    const next = pool.run(work("inspect", { timeMsMax: 20_000 }));
    finish(1);
    expect(await next).toBe("done");
    // The time of what is done does not run on.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pool.stats()).toMatchObject({ outOfTime: 1, replaced: 1 });
  });
});

describe("a worker that took too much memory", () => {
  const death: WorkerDeath = { cause: "memory", detail: "it took more memory than it may" };

  it("over its first work tells that this is too large, at once", async () => {
    const { pool, die } = poolOf();
    const error = errorOf(pool.run(work("inspect", { triesAgain: true })));
    die(0, death);
    expect(await error).toMatchObject({ code: "TOO_LARGE", field: "file", expected: "work within 256 MiB", received: "more" });
    expect(pool.stats()).toMatchObject({ crashed: 1, outOfMemory: 1, busy: 0 });
  });

  it("over a later one is replaced, as what came before may have filled it", async () => {
    const { pool, die, finish } = poolOf();
    const first = pool.run(work("inspect"));
    finish(0);
    await first;
    const second = pool.run(work("inspect", { triesAgain: true }));
    die(0, death);
    finish(1);
    expect(await second).toBe("done");
  });
});

describe("work that found too little memory", () => {
  const fails = (workers: ReturnType<typeof poolOf>["workers"], worker: number) => {
    const { orders, events } = workers[worker];
    events.onMessage({ kind: "failed", id: orders.at(-1) as number, error: packError(tooLittle), memory: true });
  };
  const tooLittle = new NomalyError("TOO_LARGE", "FILE takes more memory");

  it("is tried by a new worker where the old one had done something else, and then its failure is told", async () => {
    const { pool, workers, finish } = poolOf();
    const first = pool.run(work("inspect"));
    finish(0);
    await first;
    const second = errorOf(pool.run(work("inspect", { triesAgain: true })));
    fails(workers, 0);
    expect(workers.map(({ ended }) => ended)).toEqual([true, false]);
    fails(workers, 1);
    expect(await second).toMatchObject({ code: "TOO_LARGE" });
    expect(pool.stats()).toMatchObject({ outOfMemory: 2, busy: 0, queuedItems: 0 });
  });

  it("fails at once in a new worker, which is not used again", async () => {
    const { pool, workers, finish } = poolOf();
    const failed = errorOf(pool.run(work("inspect", { triesAgain: true })));
    fails(workers, 0);
    expect(await failed).toMatchObject({ code: "TOO_LARGE" });
    const next = pool.run(work("inspect"));
    finish(1);
    expect([await next, workers[0].ended]).toEqual(["done", true]);
  });
});

describe("files of work that nobody waits for any more", () => {
  it.each(["done", "failed"] as const)(
    "are removed when it is %s all the same, once, and not those of work that is taken",
    async (how) => {
      const { pool, workers, finish } = poolOf();
      const cleanUp = vi.fn();
      const abort = new AbortController();
      const left = errorOf(pool.run(work("inspect", { cleanUp, control: { signal: abort.signal } })));
      abort.abort();
      expect(cleanUp).toHaveBeenCalledTimes(0);
      const { orders, events } = workers[0];
      if (how === "done") finish(0);
      else events.onMessage({ kind: "failed", id: orders[0], error: packError(new NomalyError("ABORTED", "stopped")) });
      expect(await left).toMatchObject({ code: "ABORTED" });
      expect(cleanUp).toHaveBeenCalledTimes(1);
      const taken = pool.run(work("inspect", { cleanUp }));
      finish(0);
      await taken;
      expect(cleanUp).toHaveBeenCalledTimes(1);
    },
  );

  it("are removed once the worker that was ended has gone, and what cannot be removed harms nobody", async () => {
    vi.useFakeTimers();
    const { pool, workers } = poolOf();
    const cleanUp = vi.fn(() => {
      expect(workers[0].ended).toBe(true);
      throw new Error("ENOTEMPTY");
    });
    const late = errorOf(pool.run(work("inspect", { cleanUp, timeMsMax: 1000 })));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await late).toMatchObject({ code: "TOO_LARGE" });
    expect(cleanUp).toHaveBeenCalledTimes(1);
  });
});

describe("the end of a worker", () => {
  it.each([
    ["crash", true, "FILE_READ"],
    ["crash", false, "WORKER"],
    ["exit", true, "WORKER"],
  ] as const)("by %s over a file (%s) is %s", async (cause, readsFile, code) => {
    const { pool, die } = poolOf();
    const error = errorOf(pool.run(work("inspect", { readsFile })));
    die(0, { cause, detail: "it was ended by SIGSEGV" });
    expect(await error).toMatchObject({ code });
    expect(isRetryable(await error)).toBe(code === "WORKER");
  });
});

describe("long work that cannot begin in the time that its caller has", () => {
  const within = (ms: number) => work("train", { control: { timeLeftMs: () => ms } });

  it("is refused when it comes: of 200 trainings at once those wait that can begin, and all others are told when to come again", async () => {
    const { pool } = poolOf();
    const outcomes = Array.from({ length: 200 }, () => {
      const run = { error: undefined as unknown };
      void pool.run(within(60_000)).catch((error: unknown) => (run.error = error));
      return run;
    });
    await vi.waitUntil(() => outcomes.filter(({ error }) => error !== undefined).length > 100);
    const refused = outcomes.map(({ error }) => error).filter((error) => error !== undefined);
    // A second each is what is expected before anything is known, of which the one that runs has all before it.
    expect(refused.length).toBe(200 - 60);
    expect(refused[0]).toMatchObject({ code: "OVERLOADED" });
    expect(retryAfterSecondsOf(refused[0])).toBe(60);
    expect(pool.stats()).toMatchObject({ refused: 140, queuedItems: 59 });
  });

  it("is refused while it waits, once what runs has taken so long that its turn will come too late", async () => {
    vi.useFakeTimers();
    const { pool, pass } = poolOf();
    void errorOf(pool.run(within(60_000)));
    let left = 60_000;
    const waiting = errorOf(pool.run(work("train", { control: { timeLeftMs: () => left } })));
    void errorOf(pool.run(work("train")));
    pass(25_000);
    left -= 25_000;
    await vi.advanceTimersByTimeAsync(1000);
    expect(pool.stats()).toMatchObject({ refused: 0, queuedItems: 2 });
    pass(10_000);
    left = 0;
    await vi.advanceTimersByTimeAsync(1000);
    expect(await waiting).toMatchObject({ code: "OVERLOADED" });
    // Who has all the time waits on.
    expect(pool.stats()).toMatchObject({ refused: 1, queuedItems: 1 });
  });

  it("keeps no other kind of work out", async () => {
    const { pool, finish } = poolOf();
    for (let count = 0; count < 100; count++) void errorOf(pool.run(within(60_000)));
    const read = pool.run(work("inspect", { control: { timeLeftMs: () => 2000 } }));
    finish(1);
    expect(await read).toBe("done");
  });
});
