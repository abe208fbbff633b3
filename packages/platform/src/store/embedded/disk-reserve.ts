/**
 * Bytes put by for the day the disk of the embedded database is full: without any room PostgreSQL cannot even remove a row, nor start
 * again. A file of the data folder takes them, and is given up when they are needed; it is made again once there is room.
 */

import { randomFillSync } from "node:crypto";
import { existsSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "../../ids/is-alive.ts";

export interface DiskReserve {
  /** So little room is left that only what removes something may begin. Cheap: the disk is asked a few times a second at most. */
  isShort(): boolean;
  /** Gives its bytes to the database. False where none can be given, and nothing gets better by trying again. */
  giveUp(): boolean;
}

export interface OpenDiskReserve extends DiskReserve {
  close(): Promise<void>;
}

/** Of a server that is not ours: its disk is its own. */
export const noReserve: DiskReserve = { isShort: () => false, giveUp: () => false };

/** Four segments of the write-ahead log. */
export const reserveBytes = 64 * 1024 ** 2;
/** Below this it is short: PostgreSQL takes its log by segments of 16 MiB, and ends where it cannot have the next. */
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

  /** No limit where the disk does not answer: what fails of it is told by whoever needs the room. */
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
    removeParts(folder);
    const part = `${path}.${process.pid}.part`;
    try {
      const file = await open(part, "wx", 0o600);
      try {
        // No system may store it in less.
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
    // The disk may have filled up meanwhile: the next look tries again.
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

/** False when it cannot be removed: then the error of whoever wants the room is the one to tell. */
function removeReserve(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}

/** What processes left that were killed while they made it. */
function removeParts(folder: string): void {
  const pattern = new RegExp(`^${fileName}\\.(\\d+)\\.part$`);
  for (const name of readdirSync(folder)) {
    const pid = Number(pattern.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isAlive(pid)) rmSync(join(folder, name), { force: true });
  }
}
