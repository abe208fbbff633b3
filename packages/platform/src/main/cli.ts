/** The `nomaly` command: makes the context from this process, runs, and exits. */

import { readFileSync } from "node:fs";
import { createTemporaryFiles } from "../files/local/temporary.ts";
import { runCli } from "../cli/frame/run.ts";

/** Ctrl-C once stops in order; a second time the system ends the process, as if nobody had listened. */
const exitCodeOfSignal = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const temporary = createTemporaryFiles();
const abort = new AbortController();
let stoppedBy: keyof typeof exitCodeOfSignal | undefined;

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (stoppedBy !== undefined) return endAtOnce(name);
    stoppedBy = name;
    abort.abort();
  });
}
process.on("exit", () => temporary.removeAll());

// Whoever reads our output may stop early, as `head` does: nothing more is printed, and that is no error.
let stdoutClosed = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  stdoutClosed = true;
});
process.stderr.on("error", () => undefined);

const { env, stdout, stderr } = process;
const noColour = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
const code = await runCli(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout,
    stderr,
    stdoutIsTerminal: stdout.isTTY,
    stderrIsTerminal: stderr.isTTY,
    colour: stdout.isTTY && !noColour && env["TERM"] !== "dumb",
    // A file or a program that reads has no width to keep to.
    width: stdout.columns ?? 200,
    temporary,
    signal: abort.signal,
    now: () => performance.now(),
    serviceHost: async () => {
      const [{ createServiceHost }, { restartWithSmallHeap }] = [
        await import("./service-host.ts"),
        await import("./small-heap.ts"),
      ];
      return createServiceHost(version(), restartWithSmallHeap);
    },
  },
  version(),
);

// Worker threads and DuckDB's own threads must not keep the process: everything is written by now.
// A server that was told to stop and did so in order has done what it should.
const exitCode = stoppedBy === undefined || code === 0 ? code : exitCodeOfSignal[stoppedBy];
if (stdoutClosed || stdout.writableLength === 0) process.exit(exitCode);
stdout.write("", () => process.exit(exitCode));

/** Not process.exit(): a shell tells by the signal that its program was interrupted, and stops its script as well. */
function endAtOnce(name: NodeJS.Signals): void {
  temporary.removeAll();
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

function version(): string {
  const path = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
