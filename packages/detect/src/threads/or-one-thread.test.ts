import { describe, expect, it } from "vitest";
import { referenceKernels } from "../kernels/reference/index.ts";
import { orOneThread } from "./or-one-thread.ts";
import { singleThread } from "./single-thread.ts";
import { createThreadPool } from "./thread-pool.ts";
import type { WorkerEvents, WorkerHost } from "./worker-host.ts";
import { workerReady } from "./worker-protocol.ts";

const caller = singleThread(new Map([["test/double", (input: number) => input * 2]]));

/** A host whose workers do what is given here once a request has come. */
function hostOf(onPost: (events: WorkerEvents) => void): WorkerHost {
  const spawn = (events: WorkerEvents) => ({
    post: () => queueMicrotask(() => onPost(events)),
    setBusy: () => {},
    terminate: () => Promise.resolve(),
  });
  return { spawn, listen: () => {}, threadCount: () => 2 };
}

function threadsOf(host: WorkerHost) {
  const lost: string[] = [];
  const threads = orOneThread(createThreadPool(2, host), caller, ({ message }) => lost.push(message));
  return { threads, lost };
}

const spawnNothing = () => {
  throw new Error("no such file");
};

describe("threads whose workers never start", () => {
  it.each([
    ["die at once", hostOf((events) => events.onDeath("404"))],
    ["cannot be made", { ...hostOf(() => {}), spawn: spawnNothing }],
  ])("work on the caller's thread where workers %s, and report progress from nothing", async (_, host) => {
    const { threads, lost } = threadsOf(host);
    const done: number[] = [];
    const options = { onDone: (count: number) => done.push(count) };
    expect(await threads.map("test/double", [1, 2, 3], referenceKernels, options)).toEqual([2, 4, 6]);
    expect(done).toEqual([1, 2, 3]);
    expect(await threads.map("test/double", [4], referenceKernels)).toEqual([8]);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatch(/^no worker thread starts: (404|no such file)$/);
  });
});

describe("threads whose workers start", () => {
  it("fail the call when a worker dies later", async () => {
    const { threads, lost } = threadsOf(
      hostOf((events) => {
        events.onReply(workerReady);
        events.onDeath("out of memory");
      }),
    );
    const failing = threads.map("test/double", [1], referenceKernels);
    await expect(failing).rejects.toThrow("a worker thread stopped: out of memory");
    expect(lost).toEqual([]);
  });

  it("fail the call when its input cannot be sent, since that is no fault of the worker's file", async () => {
    const host = hostOf(() => {});
    const post = () => {
      throw new Error("could not be cloned");
    };
    const { threads, lost } = threadsOf({ ...host, spawn: (events) => ({ ...host.spawn(events), post }) });
    await expect(threads.map("test/double", [1], referenceKernels)).rejects.toThrow("could not be cloned");
    expect(lost).toEqual([]);
  });
});
