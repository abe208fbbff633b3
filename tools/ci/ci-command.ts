/** Runs one program of the check to its end, with a time limit, and keeps the end of its output. */

import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

export interface CommandOptions {
  /** The checkout it runs in; the checkout's programs come first on its PATH. */
  readonly root: string;
  readonly msMax: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The user to run as, where this process is root's. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** At the time limit, ends all processes that it started, also endless ones. Then Ctrl-C of the terminal does not reach it. */
  readonly endsWhole?: boolean;
  /** Called with each line of its output as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** Characters shown of the end of a failing step's output. */
export const outputCharsMax = 20_000;

export function runCommand(
  command: readonly string[],
  { root, msMax, env = {}, user, endsWhole = false, onLine }: CommandOptions,
): Promise<CommandResult> {
  const [program, ...args] = command;
  const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`;
  return new Promise((done) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, PATH: path, CI: "1", NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
      detached: endsWhole,
      ...user,
    });
    const end = () => (endsWhole && child.pid !== undefined ? process.kill(-child.pid, "SIGKILL") : child.kill("SIGKILL"));
    const timer = setTimeout(end, msMax);
    let output = "";
    const take = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2 * outputCharsMax));
    child.stdout.on("data", take);
    if (onLine !== undefined) createInterface(child.stdout).on("line", onLine);
    child.stderr.on("data", take);
    child.on("error", (error) => (output += String(error)));
    child.on("close", (code) => {
      clearTimeout(timer);
      done({ code: code ?? 1, output });
    });
  });
}
