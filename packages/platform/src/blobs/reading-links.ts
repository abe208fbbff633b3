/**
 * Gives each reader of a file a hard link to it: when the file is removed, its bytes stay until the reader removes the link.
 * On a file system without hard links, readers use the file itself, and code that removes files has to wait for them.
 */

import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive } from "../ids/is-alive.ts";

export interface ReadingLinks {
  readonly isSupported: boolean;
  /** @throws what the file system says, ENOENT when there is no such file. */
  open(path: string): Promise<{ readonly path: string; release(): Promise<void> }>;
}

/** `<host>-<process number>-<milliseconds since 1970>-<random>`: a link has the file's times, so its name holds its own. */
const namePattern = /^([0-9a-f]{8})-(\d+)-(\d+)-/;
/** An older link of another machine is taken for one whose reader was killed, since no read takes this long. */
const ageMsMax = 24 * 3_600_000;

/** @param folder must be on the file system of the files. */
export async function openReadingLinks(folder: string): Promise<ReadingLinks> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  await removeLeft(folder, host);
  const newName = () => join(folder, `${host}-${process.pid}-${Date.now()}-${randomUUID()}`);

  async function open(path: string): ReturnType<ReadingLinks["open"]> {
    const own = newName();
    await link(path, own);
    return { path: own, release: () => rm(own, { force: true }) };
  }

  const isSupported = await canLink(newName(), open);
  return { isSupported, open: isSupported ? open : async (path) => ({ path, release: async () => undefined }) };
}

async function canLink(probe: string, open: ReadingLinks["open"]): Promise<boolean> {
  try {
    await writeFile(probe, "");
    await (await open(probe)).release();
    return true;
  } catch {
    // Whatever the reason, readers then use the files themselves.
    return false;
  } finally {
    await rm(probe, { force: true });
  }
}

/** Removes links of readers that were killed. */
async function removeLeft(folder: string, host: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, ofHost, pid, time] = namePattern.exec(name) ?? [];
    const isLeft = ofHost === host ? !isAlive(Number(pid)) : Date.now() - Number(time) > ageMsMax;
    if (isLeft) await rm(join(folder, name), { force: true });
  }
}
