/** Starts a real Redis server on a free port and in a temporary folder, which a test can kill, pause and empty. */

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

/** Undefined where no Redis is installed; such tests are skipped with `describe.skipIf`. */
export const redisProgram = findProgram("redis-server");
export const redisSkipReason = redisProgram === undefined ? " (skipped: no redis-server on PATH)" : "";

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Sends a command. @returns the reply as text. */
  command(...words: readonly string[]): Promise<string>;
  /** Kills the server by SIGKILL; `start` uses the same port. */
  kill(): Promise<void>;
  /** Starts the server again on the same port and folder. */
  start(): Promise<void>;
  /** Stops the server by SIGSTOP: connections stay open and get no answer. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /** Further arguments, such as "--requirepass", "secret". */
  readonly settings?: readonly string[];
}

const readyMsMax = 10_000;

export async function startRedis({ settings = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  const program = redisProgram;
  if (program === undefined) throw new Error("no redis-server on PATH");
  const folder = mkdtempSync(join(tmpdir(), "nomaly-redis-"));
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const words = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no", ...settings];
    server = spawn(program as string, words, { stdio: "ignore" });
    await untilReady(port);
  }

  async function kill(): Promise<void> {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command: (...words) => redisCommand(port, words),
    kill,
    start,
    pause: () => void server?.kill("SIGSTOP"),
    resume: () => void server?.kill("SIGCONT"),
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(port: number): Promise<void> {
  const deadline = performance.now() + readyMsMax;
  for (;;) {
    try {
      // With a password set the answer is an error, which also shows that the server runs.
      await redisCommand(port, ["PING"]);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`redis-server did not answer within ${readyMsMax} ms`, { cause: error });
      await new Promise((later) => setTimeout(later, 10));
    }
  }
}

/** Sends one command over its own connection, so that the client under test does not check itself. */
async function redisCommand(port: number, words: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    const lines = words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]);
    socket.write([`*${words.length}`, ...lines, ""].join("\r\n"));
    const [reply] = (await once(socket, "data")) as [Buffer];
    return reply.toString("utf8").trimEnd();
  } finally {
    socket.destroy();
  }
}

/** @returns undefined when the program is not on PATH. */
export function findProgram(name: string): string | undefined {
  try {
    return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    // The program is not on PATH.
    return undefined;
  }
}
