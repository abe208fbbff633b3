/** One worker thread of compute: started, written to, ended. */

import { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";

export interface WorkerThread {
  post(message: ToWorker, transfer?: readonly ArrayBuffer[]): void;
  /** While busy it keeps the process alive; idle it does not. */
  setBusy(busy: boolean): void;
  terminate(): Promise<void>;
}

export interface WorkerThreadEvents {
  readonly onMessage: (message: FromWorker) => void;
  /** It is gone, of itself or by an error; called once, and nothing follows. */
  readonly onDeath: (reason: string) => void;
}

export interface WorkerThreadOptions {
  readonly settings: WorkerSettings;
  readonly heapMibMax: number;
}

export type StartWorkerThread = (options: WorkerThreadOptions, events: WorkerThreadEvents) => WorkerThread;

export const startWorkerThread: StartWorkerThread = ({ settings, heapMibMax }, events) => {
  const fromSource = import.meta.url.endsWith(".ts");
  const worker = new Worker(new URL("./worker/start.ts", import.meta.url), {
    // From source the worker is TypeScript, which Node runs as it is.
    execArgv: fromSource ? ["--conditions=source"] : [],
    name: "nomaly-compute",
    workerData: settings,
    // Past this the worker alone ends, not the process.
    resourceLimits: { maxOldGenerationSizeMb: heapMibMax },
  });
  worker.unref();
  let dead = false;
  const die = (reason: string) => {
    if (dead) return;
    dead = true;
    events.onDeath(reason);
  };
  worker.on("message", (message: FromWorker) => {
    if (!dead) events.onMessage(message);
  });
  worker.on("error", (error) => die(error instanceof Error ? error.message : String(error)));
  worker.on("messageerror", () => die("it sent what cannot be read"));
  worker.on("exit", (code) => die(`it exited with code ${code}`));
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- workers have no origins
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    setBusy: (busy) => (busy ? worker.ref() : worker.unref()),
    terminate: async () => {
      dead = true;
      await worker.terminate();
    },
  };
};
