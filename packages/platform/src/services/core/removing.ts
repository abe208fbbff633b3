/** Runs removals, which must also work when the disk is full, and then free its bytes at once. */

import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError } from "@nomaly/detect";
import { type DiskReserve, roomBytesMin } from "../../store/embedded/disk-reserve.ts";
import { change, type Change, type Done } from "./change.ts";
import type { Call, ServiceContext } from "./context.ts";
import { removeBlobs } from "../operations/maintenance.ts";

/** How long to try: the embedded database may have to start again first. */
const patienceMs = 15_000;
const pauseMs = 250;

/** Runs a change that removes something; when the disk is full, it gives up the disk reserve first. */
export async function removing<Value>(context: ServiceContext, call: Call, asked: Change<Value>): Promise<Done<Value>> {
  const { reserve, log } = context;
  if (reserve.isShort()) reserve.giveUp();
  const done = await untilRoom(reserve, () => change(context, call, { ...asked, frees: true }));
  await freeSpaceIfShort(context, call.signal).catch((error: unknown) =>
    // The removal itself is done; maintenance removes the blobs later.
    log.warn({ err: error }, "the disk is full, and waiting bytes could not be removed"),
  );
  return done;
}

async function untilRoom<Value>(reserve: DiskReserve, work: () => Promise<Value>): Promise<Value> {
  for (const deadline = performance.now() + patienceMs; ; await sleep(pauseMs)) {
    try {
      return await work();
    } catch (error) {
      const isFull = error instanceof NomalyError && error.code === "STORAGE";
      if (!isFull || performance.now() >= deadline || !reserve.giveUp()) throw error;
    }
  }
}

/** Removes due blobs without the usual grace period, where readers of a blob have a link of their own to its file. */
export async function freeSpaceIfShort(context: ServiceContext, signal: AbortSignal): Promise<void> {
  const { blobs, reserve } = context;
  if (!blobs.keepsOpened) return;
  const { freeBytes = Infinity } = await blobs.check();
  if (freeBytes < roomBytesMin || reserve.isShort()) await removeBlobs(context, signal, 0);
}
