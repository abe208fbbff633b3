/** Whether there is room on the disk of the embedded database for more than removing. */

import { NomalyError } from "@nomaly/detect";
import { reserveBytes, roomBytesMin } from "../../store/embedded/disk-reserve.ts";
import type { ServiceContext } from "./context.ts";

const mib = 1024 ** 2;

/** @throws NomalyError STORAGE. */
export function requireRoom({ reserve }: Pick<ServiceContext, "reserve">): void {
  if (reserve.isShort()) throw noRoom();
}

export function noRoom(): NomalyError {
  const message = `the disk of the data folder is full: until ${(reserveBytes + roomBytesMin) / mib} MiB are free, things can be removed and read, not added or changed; remove data sets, results or detectors, or give it more room`;
  return new NomalyError("STORAGE", message, { field: "data_dir" });
}
