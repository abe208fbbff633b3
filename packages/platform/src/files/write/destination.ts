/** Writes a file that appears only when complete: under a temporary name in the same folder, synced, then renamed. */

import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NomalyError } from "@nomaly/detect";
import { faultReason } from "../local/file-fault.ts";
import { resolveTarget, type Target } from "./resolve-target.ts";
import type { TemporaryFiles } from "../local/temporary.ts";

export interface Destination {
  /** Name in error messages. */
  readonly name: string;
  /** Path to write to. */
  readonly temporaryPath: string;
  /** Renames the complete file to its path. */
  commit(): Promise<void>;
  /** Removes the temporary file. */
  discard(): void;
}

/**
 * Checks before any long work that the file can be created. A symbolic link stays: its target is replaced, and keeps its permissions.
 * @param path `-` is standard output; a device or pipe receives the bytes once they are complete.
 * @throws NomalyError FILE_WRITE naming the path.
 */
export function openDestination(path: string, temporary: TemporaryFiles, stdout: Writable): Destination {
  const target = checkedTarget(path);
  const mode = target.kind === "file" && target.exists ? statSync(target.path).mode & 0o7777 : undefined;
  const temporaryPath = target.kind === "file" ? temporary.beside(target.path) : temporary.path("output");
  try {
    // Fails now rather than after an hour of work. A file that replaces a private one is private while it is written.
    const flags = constants.O_CREAT | constants.O_WRONLY | constants.O_EXCL;
    closeSync(openSync(temporaryPath, flags, mode === undefined ? 0o666 : 0o600));
  } catch (error) {
    temporary.forget(temporaryPath);
    throw writeError(path, faultReason(error), error);
  }
  const discard = () => rmSync(temporaryPath, { force: true });

  async function commit(): Promise<void> {
    try {
      if (target.kind === "file") {
        syncFile(temporaryPath);
        if (mode !== undefined) chmodSync(temporaryPath, mode);
        renameSync(temporaryPath, target.path);
        syncFolder(dirname(target.path));
      } else {
        const output = target.kind === "standard output" ? stdout : createWriteStream(target.path, { flags: "a" });
        await pipeline(createReadStream(temporaryPath), output, { end: target.kind === "stream" });
        discard();
      }
      temporary.forget(temporaryPath);
    } catch (error) {
      discard();
      // The reader of standard output has closed the pipe, as `head` does; this is no error.
      if ((error as NodeJS.ErrnoException).code === "EPIPE" && target.kind === "standard output") return;
      throw writeError(path, faultReason(error), error);
    }
  }

  return { name: path === "-" ? "standard output" : path, temporaryPath, commit, discard };
}

/** A destination whose temporary name is `path` + `.partial`, so that the parent process can remove it if this process dies. */
export function partialDestination(path: string, name: string): Destination {
  const temporaryPath = `${path}.partial`;
  const discard = () => rmSync(temporaryPath, { force: true });
  mkdirSync(dirname(path), { recursive: true });

  async function commit(): Promise<void> {
    try {
      syncFile(temporaryPath);
      renameSync(temporaryPath, path);
    } catch (error) {
      discard();
      throw writeError(name, faultReason(error), error);
    }
  }

  return { name, temporaryPath, commit, discard };
}

function checkedTarget(path: string): Target {
  try {
    const target = resolveTarget(path);
    if (target.kind === "file" && target.exists) {
      if (statSync(target.path).isDirectory()) throw new Error("it is a folder");
      accessSync(target.path, constants.W_OK);
    }
    return target;
  } catch (error) {
    throw writeError(path, faultReason(error), error);
  }
}

/** Writes a small file that is already in memory, such as a report or a model. */
export async function writeWhole(destination: Destination, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(destination.temporaryPath, content);
  } catch (error) {
    destination.discard();
    throw writeError(destination.name, faultReason(error), error);
  }
  await destination.commit();
}

export function writeError(name: string, reason: string, cause?: unknown): NomalyError {
  return new NomalyError("FILE_WRITE", `${name} cannot be written: ${reason}`, {
    field: name,
    ...(cause === undefined ? {} : { cause }),
  });
}

function syncFile(path: string): void {
  const descriptor = openSync(path, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Makes the rename durable. Some systems cannot open folders; the rename is done all the same. */
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
