/** Starts, messages, watches and kills one worker of compute. A worker is a process, so that its crash harms no other work. */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:process";
import { fileURLToPath } from "node:url";
import type { FromWorker, ToWorker, WorkerSettings } from "../messages.ts";

/** Why a worker died. */
export interface WorkerDeath {
  /** `memory`: it exceeded its limit. `crash`: a fault in native code. `exit`: it exited, or another process killed it. */
  readonly cause: "memory" | "crash" | "exit";
  readonly detail: string;
}

export interface WorkerProcess {
  /** @throws an error when the message cannot be cloned. */
  post(message: ToWorker): void;
  /** A busy worker keeps this process alive, and its memory is watched; an idle one does neither. */
  setBusy(busy: boolean): void;
  /** Undefined when the process could not be started. */
  readonly pid: number | undefined;
  /** Resident memory in bytes; undefined on systems other than Linux. */
  residentBytes(): number | undefined;
  /** Kills the process. */
  terminate(): Promise<void>;
}

export interface WorkerEvents {
  readonly onMessage: (message: FromWorker) => void;
  /** Called once, when the process has ended, unless `terminate` ended it. No message follows. */
  readonly onDeath: (death: WorkerDeath) => void;
}

export interface WorkerOptions {
  readonly settings: WorkerSettings;
  /** Limit of resident memory, as the system counts it; a worker that exceeds it is killed. */
  readonly memoryBytesMax: number;
  readonly heapMibMax: number;
  /** Environment variables with secrets, which a worker does not get. */
  readonly hiddenVariables: readonly string[];
}

export type StartWorker = (options: WorkerOptions, events: WorkerEvents) => WorkerProcess;

const watchMs = 50;
/** The end of a worker's standard error is kept, because it says why the process ended. */
const stderrCharsMax = 4096;
/** Unused address space that counts as data: the engine reserves 570 MiB, DuckDB some megabytes for each column that it summarises. */
const reservedBytes = 4 * 1024 ** 3;
const crashSignals: ReadonlySet<string> = new Set(["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS"]);
const memoryWords = /out of memory|heap limit|bad_alloc|cannot allocate memory/i;

export const startWorkerProcess: StartWorker = (options, events) => {
  const { memoryBytesMax } = options;
  const child = spawnWorker(options);
  let isOver = false;
  let isOverMemory = false;
  let stderr = "";
  let watch: NodeJS.Timeout | undefined;
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));

  const residentBytes = () => (child.pid === undefined ? undefined : residentBytesOf(child.pid));
  const stopWatch = () => {
    clearInterval(watch);
    watch = undefined;
  };
  const look = () => {
    if ((residentBytes() ?? 0) <= memoryBytesMax) return;
    isOverMemory = true;
    child.kill("SIGKILL");
  };
  const die = (death: WorkerDeath) => {
    stopWatch();
    if (isOver) return;
    isOver = true;
    events.onDeath(death);
  };

  child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString("latin1")).slice(-stderrCharsMax)));
  child.on("message", (message) => {
    if (!isOver) events.onMessage(message as FromWorker);
  });
  child.on("error", (error) => die({ cause: "exit", detail: error.message }));
  // The channel closes before the process ends, and the exit code comes with `close` only.
  child.on("close", (code, signal) => die(deathOf({ code, signal, stderr, isOverMemory })));
  setReferenced(child, false);

  return {
    post(message) {
      // A message that cannot arrive is ignored: `onDeath` follows.
      if (child.connected) child.send(message, () => undefined);
    },
    setBusy(busy) {
      setReferenced(child, busy);
      stopWatch();
      if (busy && !isOver) watch = setInterval(look, watchMs);
    },
    pid: child.pid,
    residentBytes,
    async terminate() {
      isOver = true;
      stopWatch();
      setReferenced(child, false);
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      child.kill("SIGKILL");
      await exited;
    },
  };
};

/** Environment variables of other programs that may hold secrets. */
const secretName = /pass|secret|token|credential|_key|_url$|_dsn$|^aws_|^pg/i;

function spawnWorker({ settings, memoryBytesMax, heapMibMax, hiddenVariables }: WorkerOptions): ChildProcess {
  const start = new URL("../worker/start.ts", import.meta.url);
  // From source the worker is TypeScript, which Node runs without a build.
  const flags = start.pathname.endsWith(".ts") ? ["--conditions=source"] : [];
  const program = [
    process.execPath,
    `--max-old-space-size=${heapMibMax}`,
    ...flags,
    fileURLToPath(start),
    JSON.stringify(settings),
  ];
  const limited = platform === "linux" ? withDataLimit(program, memoryBytesMax) : program;
  const isHidden = (name: string) => secretName.test(name) || hiddenVariables.includes(name.toUpperCase());
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isHidden(name)));
  return spawn(limited[0], limited.slice(1), {
    env,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
    windowsHide: true,
  });
}

/** Has the system refuse one huge allocation, which the watch would notice too late. The program replaces the shell. */
function withDataLimit(program: readonly string[], memoryBytesMax: number): readonly string[] {
  const kib = Math.ceil((memoryBytesMax + reservedBytes) / 1024);
  return ["/bin/sh", "-c", 'ulimit -d "$0" 2> /dev/null; exec "$@"', String(kib), ...program];
}

function setReferenced(child: ChildProcess, isReferenced: boolean): void {
  const act = isReferenced ? "ref" : "unref";
  child[act]();
  child.channel?.[act]();
  (child.stderr as unknown as { ref(): void; unref(): void } | null)?.[act]();
}

function residentBytesOf(pid: number): number | undefined {
  if (platform !== "linux") return undefined;
  try {
    const kib = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    // The process has just ended; `onDeath` reports it.
    return undefined;
  }
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly isOverMemory: boolean;
}

function deathOf({ code, signal, stderr, isOverMemory }: Ending): WorkerDeath {
  if (isOverMemory || memoryWords.test(stderr)) return { cause: "memory", detail: "it took more memory than it may" };
  const detail = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
  const lastLine = stderr.trim().split("\n").at(-1) ?? "";
  const isCrash = signal !== null ? crashSignals.has(signal) : code !== null && code > 128 && code !== 137 && code !== 143;
  return { cause: isCrash ? "crash" : "exit", detail: lastLine === "" ? detail : `${detail} (${lastLine.slice(0, 200)})` };
}
