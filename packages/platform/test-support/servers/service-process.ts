/** Starts the built program as a process, which a test can stop or kill. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isAlive } from "../../src/ids/is-alive.ts";
import { eventually } from "../eventually.ts";

export interface ServiceProcess {
  /** Its address; empty for a worker. */
  readonly url: string;
  readonly pid: number;
  /** Its output so far. */
  output(): string;
  /** Resolves to the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
}

export interface ServiceOptions {
  readonly command?: "serve" | "worker";
  readonly dataFolder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether to start the built program (the default), or the sources if they are newer. */
  readonly program?: "built" | "newest";
  /** Words before the program, such as a shell that sets a limit and then runs it by exec. */
  readonly under?: readonly string[];
}

/** A process that may still be starting. */
export interface LaunchedService extends Omit<ServiceProcess, "url"> {
  /** Waits until the process is ready. @throws an error with its output when it ends before. */
  ready(): Promise<ServiceProcess>;
  hasEnded(): boolean;
}

const platform = resolve(import.meta.dirname, "../..");
const built = join(platform, "bin/nomaly.js");
const readyMsMax = 60_000;

export function startService(options: ServiceOptions): Promise<ServiceProcess> {
  return launchService(options).ready();
}

export function launchService(options: ServiceOptions): LaunchedService {
  const { command = "serve", dataFolder, environment = {}, program = "built", under = [] } = options;
  const words = command === "serve" ? ["serve", "--port", "0"] : ["worker"];
  const node = [process.execPath, ...(program === "built" ? [built] : newestProgram())];
  const [first, ...rest] = [...under, ...node, ...words, "--data-dir", dataFolder];
  const child = spawn(first, rest, {
    env: { ...cleanEnvironment(), NOMALY_LOG_LEVEL: "warn", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const onExit = () => void child.kill("SIGKILL");
  process.once("exit", onExit);
  child.once("exit", () => process.off("exit", onExit));
  const said = command === "serve" ? /nomaly serves (\S+)/ : /nomaly works/;
  const launched = {
    pid: child.pid ?? 0,
    output: () => output,
    hasEnded: () => hasEnded(child),
    async end(signal: NodeJS.Signals) {
      if (!hasEnded(child)) {
        const ended = once(child, "exit");
        child.kill(signal);
        await ended;
      }
      return child.exitCode ?? child.signalCode;
    },
  };
  return {
    ...launched,
    async ready() {
      await eventually("the service says that it is ready", () => said.test(output) || hasEnded(child), readyMsMax);
      if (!said.test(output)) throw new Error(`the service did not start: ${output}`);
      return { ...launched, url: /nomaly serves (\S+)/.exec(output)?.[1] ?? "" };
    },
  };
}

/** Chooses the sources if they are newer than the build, so that a test needs no build and never runs an old one. */
function newestProgram(): readonly string[] {
  const sources = timesUnder(join(platform, "src")).concat(timesUnder(join(platform, "../detect/src")));
  const entry = join(platform, "dist/main/cli.js");
  const isBuilt = existsSync(entry) && Math.max(...sources) < Math.max(...timesUnder(join(platform, "dist")));
  return isBuilt ? [built] : ["--conditions=source", join(platform, "src/main/cli.ts")];
}

function timesUnder(folder: string): number[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.test)\.[jt]s$/.test(name));
  return files.map((name) => statSync(join(folder, name)).mtimeMs);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Removes the settings in the environment of the user who runs the tests. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = /^(NOMALY_|DATABASE_|REDIS_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

export interface DataFolder {
  readonly path: string;
  /** Stops a database that a killed service left running, and removes the folder. */
  remove(): Promise<void>;
}

export function makeDataFolder(): DataFolder {
  const path = mkdtempSync(join(tmpdir(), "nomaly-service-"));
  const onExit = () => void endDatabase(path);
  process.once("exit", onExit);
  return {
    path,
    async remove() {
      process.off("exit", onExit);
      const pid = endDatabase(path);
      if (pid !== undefined) await eventually("the database has ended", () => !isAlive(pid));
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** @returns the number of its process, if there was one. */
function endDatabase(folder: string): number | undefined {
  const lock = join(folder, "postgres/postmaster.pid");
  if (!existsSync(lock)) return undefined;
  const pid = Number(readFileSync(lock, "utf8").split("\n")[0]);
  try {
    process.kill(pid, "SIGQUIT");
    return pid;
  } catch {
    // The process has ended already.
    return undefined;
  }
}
