/**
 * One line for each request, when it is over: what was asked, by whom, how it ended, how long it took. Of a flood only some: writing
 * lines must not cost what answering does. What is asked every few seconds by machines is written when somebody looks for faults.
 */

import type { FastifyBaseLogger } from "fastify";
import type { App, RouteFacts } from "../app.ts";
import { whenOver } from "../gate/when-over.ts";

/** A request that is over. */
export interface RequestLine {
  readonly method: string;
  /** The template, such as `/api/detectors/:id`: a path may hold what is nobody's business. */
  readonly route: string;
  /** 499 when the client left before its answer. */
  readonly status: number;
  readonly ms: number;
  readonly request_id: string;
  /** A key by its id, a token by its subject. */
  readonly actor: string;
}

export interface RequestLog {
  /** @param line is made only when it is written. */
  over(route: Pick<RouteFacts, "isPolled">, line: () => RequestLine): void;
  close(): void;
}

/** Of each second so many requests have their line, */
export const linesPerSecondMax = 100;
/** of those beyond one of so many. */
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

  function tellLeftOut(): void {
    timer = undefined;
    if (leftOutCount === 0) return;
    log.info(
      { left_out: leftOutCount, lines_per_second: linesPerSecondMax, then_one_of: sampledOneOf },
      "requests without a line",
    );
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
      timer ??= setTimeout(tellLeftOut, secondMs).unref();
    },
    close() {
      clearTimeout(timer);
      tellLeftOut();
    },
  };
}

/** To be called before any other hook: whatever refuses a request, it has its line. */
export function logRequests(app: App, requests: RequestLog): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { url: route = "none", config } = request.routeOptions;
    // Also when the client leaves before its answer: nothing else is sure to happen then.
    whenOver(reply.raw, () => {
      requests.over(config, () => ({
        method: request.method,
        route,
        status: reply.raw.writableFinished ? reply.statusCode : clientLeftStatus,
        ms: Math.round(reply.elapsedTime * 1000) / 1000,
        request_id: request.id,
        // Not yet known of one that is refused at the gate.
        actor: (request.caller as typeof request.caller | undefined)?.actor ?? "public",
      }));
    });
    done();
  });
  app.addHook("onClose", async () => requests.close());
}
