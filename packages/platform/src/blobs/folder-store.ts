/** Stores blobs as files of a folder: it writes a temporary file, forces it to disk and renames it, so that no blob is ever incomplete. */

import { mkdir, open, readFile, readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NomalyError } from "@nomaly/detect";
import { newId } from "../ids/ids.ts";
import { blobKinds, type BlobStore, keyPattern, requireOwn } from "./blob-store.ts";
import { openReadingLinks } from "./reading-links.ts";
import { spoolMeasured, writeError } from "./spool-measured.ts";

/** The ending of a file that is being written, or that a process left when it ended while writing. */
const unfinished = ".part";
const unfinishedAgeMsMax = 24 * 3_600_000;

/** @throws NomalyError CONFIG when the folder cannot be made. */
export async function openFolderStore(folder: string): Promise<BlobStore> {
  try {
    for (const kind of blobKinds) await mkdir(join(folder, kind), { recursive: true, mode: 0o700 });
  } catch (cause) {
    const message = `the folder ${folder} cannot be used: ${(cause as Error).message}`;
    throw new NomalyError("CONFIG", message, { field: "data_dir", cause });
  }
  await removeUnfinished(folder, Date.now() - unfinishedAgeMsMax);
  const links = await openReadingLinks(join(folder, "reading"));

  function pathOf(key: string): string {
    if (!keyPattern.test(key)) throw new NomalyError("STORAGE", "a stored reference is damaged", { field: "blob_key" });
    return join(folder, key);
  }

  const write: BlobStore["write"] = async (kind, content, { sizeBytesMax, signal }) => {
    const key = `${kind}/${newId()}`;
    const path = pathOf(key);
    const part = path + unfinished;
    try {
      const measured = await spoolMeasured(part, content, sizeBytesMax, signal);
      await rename(part, path);
      await forceToDisk(join(folder, kind));
      return { key, ...measured };
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw writeError(error, signal);
    }
  };

  return {
    write,
    open: async (key) => {
      const path = pathOf(key);
      await stat(path).catch((error: unknown) => Promise.reject(missing(key, error)));
      return links.open(path).catch((error: unknown) => Promise.reject(cannotOpen(key, error)));
    },
    keepsOpened: links.isSupported,
    read: async (key) => readFile(pathOf(key)).catch((error: unknown) => Promise.reject(missing(key, error))),
    remove: async (key) => rm(pathOf(key), { force: true }),
    keysBefore: (time) => keysBefore(folder, time),
    removeUnfinished: (time) => removeUnfinished(folder, time),
    claim: async (installationId) => {
      const path = join(folder, "installation");
      await writeFile(path, installationId, { flag: "wx", mode: 0o600, flush: true }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(error, undefined);
      });
      requireOwn(await readFile(path, "utf8"), installationId, folder);
    },
    check: async () => {
      const { bavail, bsize } = await statfs(folder);
      return { freeBytes: bavail * bsize };
    },
  };
}

/** A rename is durable only once the folder itself is on disk. */
async function forceToDisk(folder: string): Promise<void> {
  const opened = await open(folder, "r");
  try {
    await opened.sync();
  } catch (error) {
    // Some systems cannot sync folders; there a rename is durable by itself.
    if (!["EISDIR", "EPERM", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await opened.close();
  }
}

async function removeUnfinished(folder: string, time: number): Promise<number> {
  let removed = 0;
  for (const kind of blobKinds) {
    for (const name of await readdir(join(folder, kind))) {
      if (!name.endsWith(unfinished)) continue;
      const path = join(folder, kind, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      // A younger one may belong to a process beside this one.
      if (mtimeMs >= time) continue;
      await rm(path, { force: true });
      removed++;
    }
  }
  return removed;
}

async function* keysBefore(folder: string, time: number): AsyncIterable<string> {
  for (const kind of blobKinds) {
    for (const name of await readdir(join(folder, kind))) {
      const key = `${kind}/${name}`;
      if (!keyPattern.test(key)) continue;
      const found = await stat(join(folder, key)).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < time) yield key;
    }
  }
}

function cannotOpen(key: string, error: unknown): unknown {
  // ENOENT: the blob was removed between `stat` and `link`.
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? missing(key, error) : writeError(error, undefined);
}

function missing(key: string, cause: unknown): NomalyError {
  return new NomalyError("STORAGE", `the stored bytes ${key} are missing`, { field: "blob_key", cause });
}
