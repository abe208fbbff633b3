/** The entry point of the `nomaly` command: gives the command its streams and signals, runs it, and exits. */

import { readFileSync } from "node:fs";
import { createTemporaryFiles } from "../files/local/temporary.ts";
import { runCli } from "../cli/frame/run.ts";

/** The first Ctrl-C stops the command in order; at the second the process ends at once. */
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

// The program that reads our output may stop early, as `head` does: then we print nothing more, and report no error.
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
    // Files and pipes have no width.
    width: stdout.columns ?? 200,
    temporary,
    signal: abort.signal,
    now: () => performance.now(),
    serviceHost: async () => {
      const { createServiceHost } = await import("./service-host.ts");
      const { restartWithSmallHeap } = await import("./small-heap.ts");
      return createServiceHost(version(), restartWithSmallHeap);
    },
  },
  version(),
);

// Worker threads and DuckDB's own threads would keep the process running, so it exits here, where all output has been written.
// A server that a signal stopped in order exits with code 0.
const exitCode = stoppedBy === undefined || code === 0 ? code : exitCodeOfSignal[stoppedBy];
if (stdoutClosed || stdout.writableLength === 0) process.exit(exitCode);
stdout.write("", () => process.exit(exitCode));

/** Ends by the signal instead of process.exit(), so that a shell sees the interruption and stops its script, too. */
function endAtOnce(name: NodeJS.Signals): void {
  temporary.removeAll();
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

function version(): string {
  const path = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
