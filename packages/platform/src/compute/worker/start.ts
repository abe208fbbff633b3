/** Entry of a worker process of compute: it runs one order after the other, and listens for aborts meanwhile. */

import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { close as closeThreads, NomalyError, packError } from "@nomaly/detect";
import type { Fault, FromWorker, Order, Outcomes, Question, ToWorker, WorkerSettings } from "../messages.ts";
import { codedError, isMemoryFault } from "./coded-error.ts";
import { commitFault } from "./commit-fault.ts";
import type { OrderContext } from "./order-context.ts";
import { runPredict, runPredictBody } from "./orders/run-predict.ts";
import { runTrain } from "./orders/run-train.ts";
import { WorkerModels } from "./worker-models.ts";

const progressMs = 50;
/** Idle threads of a fit end after this time, as each worker may start as many threads as there are cores. */
const idleThreadsMs = 10_000;
/** Niceness of a background worker: it yields to processes that answer requests, but does not starve. */
const backgroundPriority = 5;

interface Running {
  readonly abort: AbortController;
  answer: ((answer: unknown) => void) | undefined;
}

function serve(settings: WorkerSettings, send: (message: FromWorker) => void): void {
  const models = new WorkerModels(settings.modelBytesMax);
  const running = new Map<number, Running>();
  let idle: NodeJS.Timeout | undefined;

  async function take(id: number, order: Order, fault: Fault | undefined): Promise<void> {
    const entry: Running = { abort: new AbortController(), answer: undefined };
    running.set(id, entry);
    clearTimeout(idle);
    try {
      if (fault !== undefined && settings.allowsFaults) await commitFault(fault);
      const outcome = await run(order, contextOf(id, entry, { models, settings, send }));
      send({ kind: "done", id, outcome });
    } catch (error) {
      // The error is the answer to this order; the worker goes on.
      send({ kind: "failed", id, error: packError(codedError(error)), ...(isMemoryFault(error) ? { memory: true } : {}) });
    } finally {
      running.delete(id);
      clearTimeout(idle);
      idle = setTimeout(() => void closeThreads(), idleThreadsMs); // Closing idle threads cannot fail, and no caller waits for it.
      idle.unref();
    }
  }

  process.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "order":
        void take(message.id, message.order, message.fault); // It catches everything itself.
        return;
      case "answer":
        return running.get(message.id)?.answer?.(message.answer);
      case "abort":
        return running.get(message.id)?.abort.abort();
      case "drop":
        return models.drop(message.versionIds);
    }
  });
}

interface ContextParts {
  readonly models: WorkerModels;
  readonly settings: WorkerSettings;
  readonly send: (message: FromWorker) => void;
}

function contextOf(id: number, entry: Running, { models, settings, send }: ContextParts): OrderContext {
  const { signal } = entry.abort;
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  const ask = (question: Question): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    entry.answer = resolve;
    const onAbort = () => reject(new NomalyError("ABORTED", "the work was stopped by its caller"));
    signal.addEventListener("abort", onAbort, { once: true });
    send({ kind: "ask", id, question });
    return promise;
  };
  return {
    settings,
    signal,
    progress(done) {
      const now = performance.now();
      if (now - reportedAtMs < progressMs && done < 1) return;
      reportedAtMs = now;
      send({ kind: "progress", id, done });
    },
    async model({ versionId }) {
      const held = models.get(versionId);
      if (held !== undefined) return held;
      return models.restore(versionId, (await ask({ kind: "model", versionId })) as Uint8Array);
    },
    modelBytes: async ({ versionId }) => (await ask({ kind: "model", versionId })) as Uint8Array,
    askPlan: (fields) => ask({ kind: "plan", fields }),
  };
}

/** Modules that read and write files are imported when first needed, because they take long to load. */
async function run(order: Order, context: OrderContext): Promise<Outcomes[Order["kind"]]> {
  switch (order.kind) {
    case "train":
      return runTrain(order, context);
    case "predict":
      return runPredict(order, context);
    case "predict-body":
      return runPredictBody(order, context);
    case "score-file":
      return (await import("./orders/run-score-file.ts")).runScoreFile(order, context);
    case "inspect":
      return (await import("./orders/show-file.ts")).inspectFile(order, context);
    case "read-page":
      return (await import("./orders/show-file.ts")).readPage(order, context);
    case "convert":
      return (await import("./orders/run-convert.ts")).runConvert(order, context);
    case "check-model":
      return (await import("./orders/run-check-model.ts")).runCheckModel(order);
    case "change-model":
      return (await import("./orders/run-change-model.ts")).runChangeModel(order, context);
    case "write-rows":
      return (await import("./orders/run-write-rows.ts")).runWriteRows(order, context);
  }
}

/** Ends the worker when its parent ends. The worker ignores signals that a terminal or supervisor sends to all processes: the parent handles them. */
function liveWithParent({ isBackground }: WorkerSettings): void {
  // SIGKILL, because an orderly exit would wait for threads that may wait for this one.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
  try {
    if (isBackground) setPriority(backgroundPriority);
    // When memory runs out, the kernel should kill this process rather than the one that serves.
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Not every system has these, and the worker runs without them.
  }
}

if (process.send === undefined) throw new Error("internal: this module runs in a worker only");
const settings = JSON.parse(process.argv[2]) as WorkerSettings;
liveWithParent(settings);
// A failed send is ignored: the parent has ended, and the closing channel ends this process.
serve(settings, (message) => void process.send?.(message, undefined, undefined, () => undefined));
