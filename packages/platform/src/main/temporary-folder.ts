/** Makes a folder for the temporary files of this process in the data folder, and removes the folders of processes that were killed. */

import { mkdtempSync, readdirSync, rmSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { NomalyError } from "@nomaly/detect";
import { isAlive } from "../ids/is-alive.ts";

/** `<host>-<process number>-<random>`: where machines share a data folder, each removes only the folders of its own processes. */
const folderPattern = /^(.+)-(\d+)-[^-]+$/;

/** Sets the environment variables of the temporary folder, which threads and libraries read, too. @throws NomalyError CONFIG. */
export function useTemporaryFolder(dataFolder: string): { remove(): void } {
  try {
    return openTemporaryFolder(join(dataFolder, "tmp"));
  } catch (cause) {
    const message = `the data folder ${dataFolder} cannot be used: ${(cause as Error).message}`;
    throw new NomalyError("CONFIG", message, { field: "data_dir", cause });
  }
}

/** Variables that name the folder of temporary files; Windows reads the last two. */
const variables = ["TMPDIR", "TEMP", "TMP"];

function openTemporaryFolder(parent: string): { remove(): void } {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(parent)) {
    const [, host, pid] = folderPattern.exec(name) ?? [];
    if (host === hostname() && !isAlive(Number(pid))) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const before = variables.map((name) => [name, process.env[name]] as const);
  const folder = mkdtempSync(join(parent, `${hostname()}-${process.pid}-`));
  for (const name of variables) process.env[name] = folder;
  return {
    remove() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
