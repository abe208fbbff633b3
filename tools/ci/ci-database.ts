/** One PostgreSQL for all test files that need no server of their own; each has databases of its own in it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface CheckDatabase {
  /** Tells the tests of it. Empty when it did not start: then each file starts its own, and says what is wrong. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const program = join(import.meta.dirname, "database-program.ts");

export async function startCheckDatabase(env: Readonly<Record<string, string>>): Promise<CheckDatabase> {
  const child = spawn(process.execPath, ["--conditions=source", program], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const line = once(createInterface(child.stdout), "line") as Promise<[string]>;
  const url = await Promise.race([line.then(([first]) => first), ended.then(() => undefined)]);
  return {
    env: url === undefined ? {} : { NOMALY_TEST_DATABASE_URL: url },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
