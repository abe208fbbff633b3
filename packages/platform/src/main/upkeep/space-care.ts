/** Removes blobs that no row names while the disk is full, instead of waiting for the hourly maintenance. */

import type { ServiceContext } from "../../services/core/context.ts";
import { freeSpaceIfShort } from "../../services/core/removing.ts";
import { repeat, type Repeated } from "./repeat.ts";

const everyMs = 5000;

export function startSpaceCare(context: ServiceContext): Repeated {
  const onError = (error: unknown) => context.log.warn({ err: error }, "the disk is full, and unused blobs could not be removed");
  return repeat((signal) => freeSpaceIfShort(context, signal), { everyMs, onError });
}
