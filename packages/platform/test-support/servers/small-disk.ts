/** Mounts a tmpfs of a chosen size that a test can fill. Needs root. */

import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly path: string;
  freeBytes(): number;
  enlarge(size?: string): void;
  /** Fills the disk with a file up to so many free bytes, as another program might. */
  fill(freeBytesLeft?: number): void;
  /** Removes that file. */
  empty(): void;
  unmount(): void;
}

const chunkBytes = 64 * 1024;

/** Added to the names of tests that are skipped. */
export const mountSkipReason = canMount() ? "" : " (skipped: mounting a small tmpfs needs root)";

/** @param mode 711 if the user of the database has to enter the folder. */
export function mountSmallDisk(path: string, size: string, mode: "700" | "711" = "700"): SmallDisk {
  mkdirSync(path, { recursive: true });
  mount(path, `size=${size},mode=${mode}`);
  const filler = join(path, "of-another-program");
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return {
    path,
    freeBytes,
    enlarge: (to = "200m") => mount(path, `remount,size=${to}`),
    fill(freeBytesLeft = 0) {
      const file = openSync(filler, "a");
      try {
        while (freeBytes() - chunkBytes >= freeBytesLeft) writeSync(file, Buffer.alloc(chunkBytes));
        if (freeBytes() > freeBytesLeft) writeSync(file, Buffer.alloc(freeBytes() - freeBytesLeft));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler, { force: true }),
    unmount: () => void execFileSync("umount", ["-l", path], { stdio: "ignore" }),
  };
}

function mount(path: string, options: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", path], { stdio: "ignore" });
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-mount-"));
  try {
    mountSmallDisk(folder, "1m").unmount();
    return true;
  } catch {
    // The user is not root, or the machine lacks the programs.
    return false;
  } finally {
    rmdirSync(folder);
  }
}
