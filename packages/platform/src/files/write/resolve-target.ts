/** Resolves an output path: follows symbolic links, and recognises streams and other names of standard output. */

import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

export type Target =
  | { readonly kind: "standard output" }
  /** A device, pipe or open file of the process, which can be written to but not replaced. */
  | { readonly kind: "stream"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly exists: boolean };

/** The limit of Linux. */
const linkCountMax = 40;
const standardOutputPattern = /^\/(dev\/(stdout|fd\/1)|proc\/(self|\d+)\/fd\/1)$/;
/** Even if the name leads to a plain file, it is not replaced: a shell that has it open would write to the old file. */
const openFilePattern = /^\/(dev\/(stderr|fd\/\d+)|proc\/(self|\d+)\/fd\/\d+)$/;

/** @throws a system error, such as ELOOP or ENAMETOOLONG. */
export function resolveTarget(path: string): Target {
  if (path === "-") return { kind: "standard output" };
  let at = resolve(path);
  for (let count = 0; count <= linkCountMax; count++) {
    if (standardOutputPattern.test(at)) return { kind: "standard output" };
    if (openFilePattern.test(at)) return { kind: "stream", path: at };
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() !== true) return plainTarget(at);
    at = resolve(realpathSync(dirname(at)), readlinkSync(at));
  }
  throw Object.assign(new Error("too many symbolic links"), { code: "ELOOP" });
}

function plainTarget(path: string): Target {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return { kind: "file", path, exists: found !== undefined };
  return { kind: "stream", path };
}

/** Equal for two paths to one file; undefined for streams, which two outputs may share. */
export function fileIdentity(path: string): string | undefined {
  try {
    const target = resolveTarget(path);
    if (target.kind !== "file") return undefined;
    const found = statSync(target.path, { throwIfNoEntry: false, bigint: true });
    if (found !== undefined) return `${found.dev} ${found.ino}`;
    return join(realpathSync(dirname(target.path)), basename(target.path));
  } catch {
    // Opening the path reports what is wrong with it.
    return undefined;
  }
}
