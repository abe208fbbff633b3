/** Brings a folder with all that is in it safely to the disk. */

import { readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

/** Several at once share the commits of the file system's journal: a thousand files take a fraction of one after the other. */
const atOnce = 16;

export async function syncTree(folder: string): Promise<void> {
  const inside = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  const paths = [...inside, folder];
  let next = 0;
  const worker = async () => {
    while (next < paths.length) await syncOne(paths[next++]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** A file, or the list of names that a folder is. */
export async function syncOne(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } catch (error) {
    // Some systems cannot do it for folders, and need not.
    if (!["EISDIR", "EINVAL", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await file.close();
  }
}
