/** Temporary files and folders of one run: every one is removed at the end, however the run ends. */

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

export interface TemporaryFiles {
  /** A folder of this run in the system's temporary folder, made on first use. */
  folder(): string;
  /** A name beside `path` that no other run uses, so that a rename within one file system completes it. */
  beside(path: string): string;
  /** A name inside the run's folder. */
  path(name: string): string;
  /** The file was renamed: it is no longer temporary. */
  forget(path: string): void;
  /** Synchronous, so that it can run while the process exits. */
  removeAll(): void;
}

/** @param parent folder that the run's folder is made in; made too where it is missing. */
export function createTemporaryFiles(parent = tmpdir()): TemporaryFiles {
  const paths = new Set<string>();
  let folderPath: string | undefined;
  let count = 0;

  function folder(): string {
    if (folderPath === undefined) {
      mkdirSync(parent, { recursive: true });
      folderPath = mkdtempSync(join(parent, "nomaly-"));
      paths.add(folderPath);
    }
    return folderPath;
  }

  return {
    folder,
    beside(path) {
      const name = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
      paths.add(name);
      return name;
    },
    path: (name) => join(folder(), `${++count}-${name}`),
    forget: (path) => void paths.delete(path),
    removeAll() {
      for (const path of paths) rmSync(path, { recursive: true, force: true });
      paths.clear();
      folderPath = undefined;
    },
  };
}
