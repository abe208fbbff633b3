/** Temporary files and folders of one run, which are removed however the run ends. */

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

export interface TemporaryFiles {
  /** The run's folder in the system's temporary folder, created on first use. */
  folder(): string;
  /** A unique name in the folder of `path`, so that a rename within one file system completes the file. */
  beside(path: string): string;
  /** A path in the run's folder. */
  path(name: string): string;
  /** Keeps a file that has been renamed from being removed. */
  forget(path: string): void;
  /** Synchronous, so that it can run while the process exits. */
  removeAll(): void;
}

/** @param parent folder in which the run's folder is created; created too if it is missing. */
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
