/**
 * How the web application ends: nothing new is let in, streams stop, what is being answered may end, and after a bound every connection is
 * cut. Nobody can hold up the end by following a job that does not end, by not reading, or by not sending.
 */

import { NomalyError } from "@nomaly/detect";
import type { App } from "../app.ts";

/** A connection is closed so soon after its last answer. */
const idleLookMs = 100;

export interface EndingOptions {
  readonly limitMs: number;
  readonly endStreams: (reason: NomalyError) => void;
}

export function endWithin(app: App, { limitMs, endStreams }: EndingOptions): void {
  let look: NodeJS.Timeout | undefined;
  let limit: NodeJS.Timeout | undefined;
  app.addHook("preClose", (done) => {
    endStreams(new NomalyError("ABORTED", "the service ends"));
    look = setInterval(() => app.server.closeIdleConnections(), idleLookMs);
    limit = setTimeout(() => app.server.closeAllConnections(), limitMs);
    done();
  });
  // The server has closed by then.
  app.addHook("onClose", (_app, done) => {
    clearInterval(look);
    clearTimeout(limit);
    done();
  });
}
