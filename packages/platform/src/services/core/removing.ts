/** Removing, which is what helps when the disk is full: so it works then, and gives the bytes back at once. */

import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError } from "@nomaly/detect";
import { roomBytesMin } from "../../store/embedded/disk-reserve.ts";
import { change, type Change, type Done } from "./change.ts";
import type { Call, ServiceContext } from "./context.ts";
import { removeBlobs } from "../operations/maintenance.ts";

/** The embedded database may have to start again first. */
const patienceMs = 15_000;
const pauseMs = 250;

/** A change that removes something: where no room is left for it, the reserve makes some. */
export async function removing<Value>(context: ServiceContext, call: Call, asked: Change<Value>): Promise<Done<Value>> {
  const { reserve, log } = context;
  if (reserve.isShort()) reserve.giveUp();
  const deadline = performance.now() + patienceMs;
  const done = await untilRoom(async () => change(context, call, { ...asked, frees: true }), {
    mayTryAgain: () => performance.now() < deadline && reserve.giveUp(),
  });
  await freeSpaceIfShort(context, call.signal).catch((error: unknown) =>
    // The removal itself is done; the bytes go with the next look.
    log.warn({ err: error }, "the disk is full, and waiting bytes could not be removed"),
  );
  return done;
}

async function untilRoom<Value>(
  work: () => Promise<Value>,
  { mayTryAgain }: { readonly mayTryAgain: () => boolean },
): Promise<Value> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isFull = error instanceof NomalyError && error.code === "STORAGE";
      if (!isFull || !mayTryAgain()) throw error;
      await sleep(pauseMs);
    }
  }
}

/** The bytes of what was removed, without the usual grace: whoever reads them has a file of its own. */
export async function freeSpaceIfShort(context: ServiceContext, signal: AbortSignal): Promise<void> {
  const { blobs, reserve } = context;
  if (!blobs.keepsOpened) return;
  const { freeBytes = Infinity } = await blobs.check();
  if (freeBytes < roomBytesMin || reserve.isShort()) await removeBlobs(context, signal, 0);
}
