/** While the disk is full, bytes that no row names any more are removed at once, not only by the hourly upkeep. */

import type { ServiceContext } from "../../services/core/context.ts";
import { freeSpaceIfShort } from "../../services/core/removing.ts";
import { repeat, type Repeated } from "./repeat.ts";

const everyMs = 5000;

export function startSpaceCare(context: ServiceContext): Repeated {
  const onError = (error: unknown) =>
    context.log.warn({ err: error }, "the disk is full, and waiting bytes could not be removed");
  return repeat((signal) => freeSpaceIfShort(context, signal), { everyMs, onError });
}
