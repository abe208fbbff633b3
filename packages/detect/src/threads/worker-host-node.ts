/** Workers on Node: worker_threads, sized by the CPU quota of the container. The one file here that knows Node. */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";
import type { WorkerHost } from "./worker-host.ts";
import { type TaskReply, type TaskRequest, workerReady } from "./worker-protocol.ts";

const remedy =
  "Where a bundler left the worker's file behind, keep the library out of the bundle: for esbuild, --external:@nomaly/detect";

export const workerHost: WorkerHost = {
  spawn(events) {
    // From source the worker is TypeScript, which Node runs as it is; built, it is one file that starts soon.
    const here: string | undefined = import.meta.url;
    if (here === undefined) throw new Error("a bundle of CommonJS does not know where the worker's file is");
    const fromSource = here.endsWith(".ts");
    const worker = new Worker(new URL(fromSource ? "../worker.ts" : "../worker-bundle.js", here), {
      execArgv: fromSource ? ["--conditions=source"] : [],
      name: "nomaly",
    });
    worker.unref();
    worker.on("message", (reply: TaskReply) => events.onReply(reply));
    worker.on("error", (error) => events.onDeath(error.message));
    worker.on("messageerror", () => events.onDeath("it sent what cannot be read"));
    worker.on("exit", (code) => events.onDeath(`it exited with code ${code}`));
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- workers have no origins
      post: (request) => worker.postMessage(request),
      setBusy: (busy) => (busy ? worker.ref() : worker.unref()),
      terminate: async () => {
        await worker.terminate();
      },
    };
  },
  listen(answer) {
    const port = parentPort;
    if (port === null) throw new Error("internal: this module runs in a worker only");
    port.on("message", (request: TaskRequest) => port.postMessage(answer(request)));
    port.postMessage(workerReady);
  },
  warn: (message, code) => process.emitWarning(`${message}. ${remedy}`, { type: "NomalyWarning", code }),
  threadCount: () => Math.max(1, Math.min(availableParallelism(), Math.floor(cpuQuota()))),
};

/** Cores that the control group of this process may use; Infinity where there is no limit or no control group. */
function cpuQuota(): number {
  const version2 = readWords("/sys/fs/cgroup/cpu.max");
  if (version2.length === 2) return version2[0] === "max" ? Number.POSITIVE_INFINITY : Number(version2[0]) / Number(version2[1]);
  const quota = Number(readWords("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")[0]);
  const period = Number(readWords("/sys/fs/cgroup/cpu/cpu.cfs_period_us")[0]);
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

function readWords(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trim().split(/\s+/);
  } catch {
    // No such file: not Linux, or the other version of control groups. Having no limit is the answer then.
    return [];
  }
}
