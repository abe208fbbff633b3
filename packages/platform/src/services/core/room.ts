/** Refuses work that stores something when the disk of the embedded database is full. */

import { NomalyError } from "@nomaly/detect";
import { reserveBytes, roomBytesMin } from "../../store/embedded/disk-reserve.ts";
import type { ServiceContext } from "./context.ts";

const mib = 1024 ** 2;

/** @throws NomalyError STORAGE. */
export function requireRoom({ reserve }: Pick<ServiceContext, "reserve">): void {
  if (reserve.isShort()) throw noRoom();
}

export function noRoom(): NomalyError {
  const message = `the disk of the data folder is full: until ${(reserveBytes + roomBytesMin) / mib} MiB are free, nothing can be added or changed, only read and removed; remove data sets, results or detectors, or give the disk more room`;
  return new NomalyError("STORAGE", message, { field: "data_dir" });
}
