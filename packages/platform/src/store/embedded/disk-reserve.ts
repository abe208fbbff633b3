/**
 * Keeps a file in the data folder that is deleted when the disk is full: without free space PostgreSQL can neither delete a row nor
 * start. The file is written again once there is space for it.
 */

import { randomFillSync } from "node:crypto";
import { existsSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "../../ids/is-alive.ts";

export interface DiskReserve {
  /** True when so little space is left that only removals may begin. Cheap: it asks the file system at most four times a second. */
  isShort(): boolean;
  /** Deletes the file. False when that fails, or there is no reserve: then trying again does not help. */
  giveUp(): boolean;
}

export interface OpenDiskReserve extends DiskReserve {
  close(): Promise<void>;
}

/** For a database server that this program does not run, whose disk it cannot see. */
export const noReserve: DiskReserve = { isShort: () => false, giveUp: () => false };

/** Four segments of the write-ahead log. */
export const reserveBytes = 64 * 1024 ** 2;
/** With less free space than this it is short: PostgreSQL writes its log in segments of 16 MiB, and ends when it cannot make the next. */
export const roomBytesMin = 32 * 1024 ** 2;

const fileName = "disk-reserve";
const chunkBytes = 1024 ** 2;
const lookMs = 2000;
const knownMs = 250;

export function openDiskReserve(folder: string): OpenDiskReserve {
  const path = join(folder, fileName);
  let lookedAt = -Infinity;
  let isShort = false;
  let making: Promise<void> | undefined;
  let isClosed = false;

  /** Infinity where the file system does not answer: the write that needs the space reports the fault. */
  const roomBytes = () => {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch {
      return Infinity;
    }
  };

  function look(): void {
    lookedAt = performance.now();
    const needed = roomBytesMin + (existsSync(path) ? 0 : reserveBytes);
    isShort = roomBytes() < needed;
  }

  async function make(): Promise<void> {
    removeRemains(folder, `${fileName}.`);
    const part = `${path}.${process.pid}.part`;
    try {
      const file = await open(part, "wx", 0o600);
      try {
        // Random bytes, so that no file system compresses them.
        const chunk = randomFillSync(Buffer.allocUnsafe(chunkBytes));
        for (let written = 0; written < reserveBytes; written += chunkBytes) {
          if (isClosed || roomBytes() < roomBytesMin) return;
          await file.write(chunk);
        }
      } finally {
        await file.close();
      }
      await rename(part, path);
    } finally {
      await rm(part, { force: true });
      lookedAt = -Infinity;
    }
  }

  const timer = setInterval(() => {
    if (making !== undefined || existsSync(path)) return;
    if (roomBytes() < reserveBytes + roomBytesMin) return;
    // The disk may have filled up meanwhile: the next interval tries again.
    making = make()
      .catch(() => undefined)
      .finally(() => (making = undefined));
  }, lookMs);
  timer.unref();

  return {
    isShort() {
      if (performance.now() - lookedAt >= knownMs) look();
      return isShort;
    },
    giveUp() {
      const isGivenUp = removeReserve(path);
      look();
      return isGivenUp;
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await making;
    },
  };
}

function removeReserve(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}

/** Removes the unfinished files and folders of killed processes. @param prefix the number of the process follows it in the name. */
export function removeRemains(folder: string, prefix: string): void {
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : process.pid;
    if (pid > 0 && pid !== process.pid && !isAlive(pid)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
