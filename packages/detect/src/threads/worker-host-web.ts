/** Workers on the web: module workers, where the page is cross-origin isolated and so may share memory. */

import type { WorkerHost } from "./worker-host.ts";
import { type TaskReply, type TaskRequest, workerReady } from "./worker-protocol.ts";

interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<TaskRequest>) => void): void;
  postMessage(reply: TaskReply): void;
}

const remedy =
  'Where a bundler left the worker\'s file behind: for the dev server of Vite, optimizeDeps: { exclude: ["@nomaly/detect"] }; ' +
  "for esbuild, @nomaly/detect/worker as an entry of its own";

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
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's scope has no origins
    scope.postMessage(workerReady);
  },
  warn: (message, code) => console.warn(`${code}: ${message}. ${remedy}`),
  threadCount: () => (globalThis.crossOriginIsolated ? Math.max(1, navigator.hardwareConcurrency) : 1),
};
