/** The processes that are measured: our service, the echo, the peer. Each listens on loopback and ends with the measurement. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const readyMsMax = 120_000;

export interface Measured {
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from starting the process to the first reply that it is ready. */
  readonly readyMs: number;
  /** Resident bytes now. */
  residentBytes(): number;
  end(): Promise<void>;
}

export function startOurs(dataFolder: string, environment: Readonly<Record<string, string>> = {}): Promise<Measured> {
  const program = join(root, "packages/platform/bin/nomaly.js");
  const words = [program, "serve", "--port", "0", "--data-dir", dataFolder, "--log-level", "warn"];
  return start({
    command: process.execPath,
    words,
    environment,
    said: /nomaly serves http:\/\/127\.0\.0\.1:(\d+)/,
    healthPath: "/health/ready",
  });
}

export function startEcho(): Promise<Measured> {
  const words = ["--conditions=source", join(import.meta.dirname, "echo-server.ts")];
  return start({ command: process.execPath, words, environment: {}, said: /echo listens on (\d+)/, healthPath: undefined });
}

/** Answers at once and does nothing else, so that the generator is what limits. */
export function startBare(): Promise<Measured> {
  const words = [join(import.meta.dirname, "bare-server.ts")];
  return start({ command: process.execPath, words, environment: {}, said: /bare listens on (\d+)/, healthPath: undefined });
}

export function startPeer(python: string): Promise<Measured> {
  const words = [join(root, "bench/peers/service_peer.py")];
  return start({
    command: python,
    words,
    environment: { OMP_NUM_THREADS: "1" },
    said: /peer listens on (\d+)/,
    healthPath: "/health",
  });
}

interface ToStart {
  readonly command: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly said: RegExp;
  readonly healthPath: string | undefined;
}

async function start({ command, words, environment, said, healthPath }: ToStart): Promise<Measured> {
  const begin = performance.now();
  const child = spawn(command, [...words], { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  const stop = () => void child.kill("SIGKILL");
  process.once("exit", stop);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  while (!said.test(output)) {
    if (child.exitCode !== null || performance.now() - begin > readyMsMax) throw new Error(`${command} did not start: ${output}`);
    await new Promise((later) => setTimeout(later, 5));
  }
  const port = Number(said.exec(output)?.[1]);
  if (healthPath !== undefined) await untilOk(`http://127.0.0.1:${port}${healthPath}`);
  return {
    port,
    pid: child.pid ?? 0,
    readyMs: performance.now() - begin,
    residentBytes: () => residentBytes(child),
    async end() {
      process.off("exit", stop);
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function untilOk(url: string): Promise<void> {
  const deadline = performance.now() + readyMsMax;
  while (performance.now() < deadline) {
    const isOk = await fetch(url).then(
      async (response) => (await response.arrayBuffer(), response.ok),
      () => false,
    );
    if (isOk) return;
    await new Promise((later) => setTimeout(later, 5));
  }
  throw new Error(`${url} is not ready`);
}

/** Linux reports it; elsewhere the column stays empty. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) * 1024;
  } catch {
    return Number.NaN;
  }
}
