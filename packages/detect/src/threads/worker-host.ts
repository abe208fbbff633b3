/** What a platform gives the pool: a way to start workers, and a worker's way to receive requests. Node and web stand beside. */

import type { TaskReply, TaskRequest } from "./worker-protocol.ts";

/** What a worker tells of itself. */
export interface WorkerEvents {
  /** The worker answered a request, or says that it has loaded. */
  readonly onReply: (reply: TaskReply) => void;
  /** The worker ended, by itself or by an error; it sends nothing more. */
  readonly onDeath: (reason: string) => void;
}

/** A started worker. */
export interface WorkerHandle {
  /** Sends it a request. */
  post(request: TaskRequest): void;
  /** While busy a worker keeps the program alive; an idle one does not. */
  setBusy(busy: boolean): void;
  /** Ends it, even in the middle of a task. */
  terminate(): Promise<void>;
}

/** A platform's workers. */
export interface WorkerHost {
  /** Starts a worker. What it throws says why none starts. */
  spawn(events: WorkerEvents): WorkerHandle;
  /** Called in a worker: answers requests until the worker is terminated. */
  listen(answer: (request: TaskRequest) => TaskReply): void;
  /** Tells whoever runs the program, once, that all work is done on one thread from now on, and what to do about it. */
  warn?(message: string, code: string): void;
  /** Threads that pay: the real CPU quota, at least 1; 1 where memory cannot be shared. */
  threadCount(): number;
}
