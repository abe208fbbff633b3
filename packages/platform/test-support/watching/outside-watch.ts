/** Watches the answers of a server from another process. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Heard } from "./watch-silence.ts";

export interface OutsideWatch {
  /** The measurements since the last call. */
  take(): Promise<Heard>;
  stop(): void;
}

export async function watchFromOutside(url: string, detectorId: string): Promise<OutsideWatch> {
  const child = fork(resolve(import.meta.dirname, "../faults/silence-process.ts"), [url, detectorId], {
    execArgv: ["--conditions=source"],
    serialization: "advanced",
  });
  await once(child, "message");
  return {
    async take() {
      const answer = once(child, "message") as Promise<[Heard]>;
      child.send("take");
      const [heard] = await answer;
      return heard;
    },
    stop() {
      child.disconnect();
    },
  };
}
