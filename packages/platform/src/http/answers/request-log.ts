/**
 * Logs one line for each request when it is over: route, caller, status, time. Of a flood it logs only some requests, since writing
 * lines must not cost as much as answering. Routes that machines poll are logged at level `debug`.
 */

import type { FastifyBaseLogger } from "fastify";
import type { App, RouteFacts } from "../app.ts";
import { whenOver } from "../gate/when-over.ts";

export interface RequestLine {
  readonly method: string;
  /** The template, such as `/api/detectors/:id`, since the path itself may hold private data. */
  readonly route: string;
  /** 499 when the client left before its answer. */
  readonly status: number;
  readonly ms: number;
  readonly request_id: string;
  /** The id of the key, or the subject of the token. */
  readonly actor: string;
}

export interface RequestLog {
  /** @param line is called only when the line is written. */
  over(route: Pick<RouteFacts, "isPolled">, line: () => RequestLine): void;
  close(): void;
}

/** Requests that are all logged in each second. */
export const linesPerSecondMax = 100;
/** Of the requests beyond `linesPerSecondMax` in a second, one in this many is logged. */
export const sampledOneOf = 100;

const secondMs = 1000;
const clientLeftStatus = 499;

export function createRequestLog(
  log: Pick<FastifyBaseLogger, "info" | "debug">,
  now: () => number = () => performance.now(),
): RequestLog {
  let secondStartedAt = -Infinity;
  let requestCount = 0;
  let leftOutCount = 0;
  let timer: NodeJS.Timeout | undefined;

  function logLeftOut(): void {
    timer = undefined;
    if (leftOutCount === 0) return;
    const fields = { left_out: leftOutCount, lines_per_second: linesPerSecondMax, then_one_of: sampledOneOf };
    log.info(fields, "requests without a line");
    leftOutCount = 0;
  }

  function isWritten(): boolean {
    const time = now();
    if (time - secondStartedAt >= secondMs) {
      secondStartedAt = time;
      requestCount = 0;
    }
    requestCount++;
    return requestCount <= linesPerSecondMax || (requestCount - linesPerSecondMax) % sampledOneOf === 0;
  }

  return {
    over({ isPolled }, line) {
      if (isPolled === true) return log.debug(line(), "request");
      if (isWritten()) return log.info(line(), "request");
      leftOutCount++;
      timer ??= setTimeout(logLeftOut, secondMs).unref();
    },
    close() {
      clearTimeout(timer);
      logLeftOut();
    },
  };
}

/** Must be called before any other hook is added, so that requests that a hook refuses are logged, too. */
export function logRequests(app: App, requests: RequestLog): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { url: route = "none", config } = request.routeOptions;
    // `whenOver` also runs when the client leaves before its answer.
    whenOver(reply.raw, () => {
      requests.over(config, () => ({
        method: request.method,
        route,
        status: reply.raw.writableFinished ? reply.statusCode : clientLeftStatus,
        ms: Math.round(reply.elapsedTime * 1000) / 1000,
        request_id: request.id,
        // A request that the load gate refuses has no caller yet.
        actor: (request.caller as typeof request.caller | undefined)?.actor ?? "public",
      }));
    });
    done();
  });
  app.addHook("onClose", async () => requests.close());
}
