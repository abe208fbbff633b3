/**
 * Ends the web application: it refuses new requests, stops streams, lets running requests end, and closes all connections after a time
 * limit. So no client delays the end by following a job, by not reading its answer, or by not sending its request.
 */

import { NomalyError } from "@nomaly/detect";
import type { App } from "../app.ts";

/** How often connections without a running request are closed. */
const idleLookMs = 100;

export function endWithin(app: App, limitMs: number, endStreams: (reason: NomalyError) => void): void {
  let look: NodeJS.Timeout | undefined;
  let limit: NodeJS.Timeout | undefined;
  app.addHook("preClose", (done) => {
    endStreams(new NomalyError("ABORTED", "the service ends"));
    look = setInterval(() => app.server.closeIdleConnections(), idleLookMs);
    limit = setTimeout(() => app.server.closeAllConnections(), limitMs);
    done();
  });
  // Fastify calls this when the server has closed.
  app.addHook("onClose", (_app, done) => {
    clearInterval(look);
    clearTimeout(limit);
    done();
  });
}
