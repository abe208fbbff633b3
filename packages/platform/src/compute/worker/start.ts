/** Where a worker of compute starts: it takes orders one after the other, and listens for aborts meanwhile. */

import type { MessagePort } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";
import { close as closeThreads, NomalyError } from "@nomaly/detect";
import type { Fault, FromWorker, Order, Outcomes, ToWorker, WorkerSettings } from "../messages.ts";
import { packError } from "../messages.ts";
import { commitFault } from "./commit-fault.ts";
import { WorkerModels } from "./worker-models.ts";
import { runPredict, runPredictBody } from "./run-predict.ts";
import { runTrain } from "./run-train.ts";
import type { OrderContext } from "./order-context.ts";

/** Between two reports of progress. */
const progressMs = 50;
/** After which the threads that a fit has used are given back: every worker may come to have as many as there are cores. */
const idleThreadsMs = 10_000;

interface Running {
  readonly abort: AbortController;
  answer: ((answer: unknown) => void) | undefined;
}

function serve(port: MessagePort, settings: WorkerSettings): void {
  const models = new WorkerModels(settings.modelBytesMax);
  const running = new Map<number, Running>();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- workers have no origins
  const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

  let idle: NodeJS.Timeout | undefined;

  async function take(id: number, order: Order, fault: Fault | undefined): Promise<void> {
    const abort = new AbortController();
    const entry: Running = { abort, answer: undefined };
    running.set(id, entry);
    clearTimeout(idle);
    try {
      if (fault !== undefined && settings.allowsFaults) await commitFault(fault);
      const context = contextOf(id, entry, { models, settings, send });
      const outcome = await run(order, context);
      send({ kind: "done", id, outcome }, buffersOf(outcome));
    } catch (error) {
      // Whatever went wrong is the answer to this order; the worker itself is well and goes on.
      send({ kind: "failed", id, error: packError(error) });
    } finally {
      running.delete(id);
      clearTimeout(idle);
      idle = setTimeout(() => void closeThreads(), idleThreadsMs); // Closing idle threads cannot fail, and nothing waits for it.
      idle.unref();
    }
  }

  port.on("message", (message: ToWorker) => {
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
  return {
    models,
    limits: settings.limits,
    signal,
    progress(done) {
      const now = performance.now();
      if (now - reportedAtMs < progressMs && done < 1) return;
      reportedAtMs = now;
      send({ kind: "progress", id, done });
    },
    async ask(fields) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      entry.answer = resolve;
      const onAbort = () => reject(new NomalyError("ABORTED", "the work was stopped by its caller"));
      signal.addEventListener("abort", onAbort, { once: true });
      send({ kind: "ask", id, fields });
      return promise;
    },
  };
}

async function run(order: Order, context: OrderContext): Promise<Outcomes[Order["kind"]]> {
  switch (order.kind) {
    case "train":
      return runTrain(order, context);
    case "predict":
      return runPredict(order, context);
    case "predict-body":
      return runPredictBody(order, context);
    case "score-file": {
      // Only here: the reader of files takes a while to load.
      const { runScoreFile } = await import("./run-score-file.ts");
      return runScoreFile(order, context);
    }
  }
}

/** Arrays made for the reply travel without a copy. */
function buffersOf(outcome: object): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const value of Object.values(outcome) as readonly unknown[]) {
    if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) buffers.add(value.buffer);
  }
  return [...buffers];
}

if (parentPort === null) throw new Error("internal: this module runs in a worker only");
serve(parentPort, workerData as WorkerSettings);
