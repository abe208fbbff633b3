/** Turns system errors about a path into words and coded errors. */

import { type Stats, statSync } from "node:fs";
import { NomalyError } from "@nomaly/detect";

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is a file",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its symbolic links lead in a circle",
};

export function faultReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : reasons[code]) ?? message;
}

/** @returns undefined if there is no file. @throws NomalyError FILE_READ if the system cannot look at the path. */
export function findFile(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new NomalyError("FILE_READ", `${path} cannot be read: ${faultReason(error)}`, { field: path, cause: error });
  }
}
