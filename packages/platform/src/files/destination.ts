/** A file that appears whole or not at all: written under a temporary name beside its place, synced, renamed. */

import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NomalyError } from "@nomaly/detect";
import type { TemporaryFiles } from "./temporary.ts";

export interface Destination {
  /** As messages call it. */
  readonly name: string;
  /** Where to write. */
  readonly temporaryPath: string;
  /** Completes the file. */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): void;
}

/**
 * Checks at once that a file can be made there, before any long work.
 * @param path `-` is standard output; a device or pipe gets the bytes once they are complete.
 * @throws NomalyError FILE_WRITE naming the path.
 */
export function openDestination(path: string, temporary: TemporaryFiles, stdout: Writable): Destination {
  const target = resolve(path);
  const found = path === "-" ? undefined : statSync(target, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) throw writeError(path, "it is a folder");
  const isStream = path === "-" || (found !== undefined && !found.isFile());
  const temporaryPath = isStream ? temporary.path("output") : temporary.beside(target);
  try {
    // Says now, not after an hour, that nothing can be written here.
    closeSync(openSync(temporaryPath, constants.O_CREAT | constants.O_WRONLY | constants.O_EXCL, 0o666));
  } catch (error) {
    temporary.forget(temporaryPath);
    throw writeError(path, reasonOf(error), error);
  }
  const discard = () => rmSync(temporaryPath, { force: true });

  async function commit(): Promise<void> {
    try {
      if (isStream) {
        const output = path === "-" ? stdout : createWriteStream(target, { flags: "a" });
        await pipeline(createReadStream(temporaryPath), output, { end: path !== "-" });
        discard();
      } else {
        syncFile(temporaryPath);
        renameSync(temporaryPath, target);
        syncFolder(dirname(target));
      }
      temporary.forget(temporaryPath);
    } catch (error) {
      discard();
      // Whoever read standard output has had enough: that is no error of ours.
      if ((error as NodeJS.ErrnoException).code === "EPIPE" && path === "-") return;
      throw writeError(path, reasonOf(error), error);
    }
  }

  return { name: path === "-" ? "standard output" : path, temporaryPath, commit, discard };
}

/** Writes a small file that is already in memory, such as a report or a model. */
export async function writeWhole(destination: Destination, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(destination.temporaryPath, content);
  } catch (error) {
    destination.discard();
    throw writeError(destination.name, reasonOf(error), error);
  }
  await destination.commit();
}

export function writeError(name: string, reason: string, cause?: unknown): NomalyError {
  return new NomalyError("FILE_WRITE", `${name} cannot be written: ${reason}`, {
    field: name,
    ...(cause === undefined ? {} : { cause }),
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = {
    ENOSPC: "the disk is full",
    EROFS: "the file system is read-only",
    EACCES: "this user may not write there",
    EPERM: "this user may not write there",
    ENOENT: "its folder does not exist",
    ENOTDIR: "its folder is a file",
    ENAMETOOLONG: "the name is too long",
  };
  return (code === undefined ? undefined : known[code]) ?? message;
}

function syncFile(path: string): void {
  const descriptor = openSync(path, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Makes the rename itself last. Some systems do not open folders; the rename stands there all the same. */
function syncFolder(path: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    fsyncSync(descriptor);
  } catch {
    return;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
