/** Workers on the web: module workers, where the page is cross-origin isolated and so may share memory. */

import type { WorkerHost } from "./worker-host.ts";
import type { TaskReply, TaskRequest } from "./worker-protocol.ts";

interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<TaskRequest>) => void): void;
  postMessage(reply: TaskReply): void;
}

export const workerHost: WorkerHost = {
  spawn(events) {
    // Bundlers look for exactly this expression; the build rewrites the extension.
    const worker = new Worker(new URL("../worker.ts", import.meta.url), { type: "module", name: "nomaly" });
    worker.addEventListener("message", (event: MessageEvent<TaskReply>) => events.onReply(event.data));
    worker.addEventListener("error", (event) => events.onDeath(event.message || "it failed to load"));
    worker.addEventListener("messageerror", () => events.onDeath("it sent what cannot be read"));
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- workers have no origins
      post: (request) => worker.postMessage(request),
      setBusy: () => {},
      terminate: () => Promise.resolve(worker.terminate()),
    };
  },
  listen(answer) {
    const scope = globalThis as unknown as WorkerScope;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's scope has no origins
    scope.addEventListener("message", (event) => scope.postMessage(answer(event.data)));
  },
  threadCount: () => (globalThis.crossOriginIsolated ? Math.max(1, navigator.hardwareConcurrency) : 1),
};
