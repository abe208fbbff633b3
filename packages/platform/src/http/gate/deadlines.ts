/**
 * Ends requests at their time limit, or when their client has left. One timer checks all requests, and a signal is made only for a
 * request whose handler uses it, since most requests are answered before.
 */

import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";

export interface Deadline {
  /** In milliseconds of `performance.now()`; infinite for streams; each part of an upload that arrives moves it. */
  at: number;
  readonly signal: AbortSignal;
  /** To be called when the answer has been sent. */
  end(): void;
}

export interface Deadlines {
  start(request: FastifyRequest, reply: FastifyReply, limitMs: number): Deadline;
  /** Aborts all requests without a time limit, also later ones. */
  endStreams(reason: NomalyError): void;
  close(): void;
}

const lookMs = 250;
/** After the signal of a request has fired, its handler has this long to answer; then `onLate` answers. */
const lastWordMsMax = 1000;

/** @param onLate answers a request that is over its time limit because its body is still arriving or its handler does not end. */
export function createDeadlines(onLate: (reply: FastifyReply, error: NomalyError) => void): Deadlines {
  const open = new Set<RequestDeadline>();
  const look = () => {
    const now = performance.now();
    for (const deadline of open) if (deadline.at <= now) deadline.pass(onLate, now);
  };
  const timer = setInterval(look, lookMs);
  timer.unref();
  let streamsEnd: NomalyError | undefined;
  return {
    start(request, reply, limitMs) {
      const deadline = new RequestDeadline(request, reply, limitMs, open);
      open.add(deadline);
      if (streamsEnd !== undefined && limitMs === Infinity) deadline.stop(streamsEnd);
      return deadline;
    },
    endStreams(reason) {
      streamsEnd = reason;
      for (const deadline of open) if (deadline.at === Infinity) deadline.stop(reason);
    },
    close: () => clearInterval(timer),
  };
}

class RequestDeadline implements Deadline {
  at: number;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #limitMs: number;
  readonly #open: Set<RequestDeadline>;
  #controller: AbortController | undefined;
  #isOver = false;

  // oxlint-disable-next-line eslint/max-params -- one call, two lines above
  constructor(request: FastifyRequest, reply: FastifyReply, limitMs: number, open: Set<RequestDeadline>) {
    this.#request = request;
    this.#reply = reply;
    this.#limitMs = limitMs;
    this.#open = open;
    this.at = performance.now() + limitMs;
  }

  get signal(): AbortSignal {
    return this.#controlled().signal;
  }

  stop(reason: NomalyError): void {
    this.#controlled().abort(reason);
  }

  #controlled(): AbortController {
    if (this.#controller !== undefined) return this.#controller;
    const controller = new AbortController();
    this.#controller = controller;
    const { raw } = this.#reply;
    const onClose = () => {
      if (!raw.writableFinished) controller.abort(new NomalyError("ABORTED", "the client left"));
    };
    if (raw.destroyed) onClose();
    else raw.once("close", onClose);
    return controller;
  }

  pass(onLate: (reply: FastifyReply, error: NomalyError) => void, now: number): void {
    const message = `the request took longer than ${this.#limitMs} ms`;
    const error = new NomalyError("TIMEOUT", message, { field: "request_timeout_s" });
    if (!this.#isOver) {
      this.#isOver = true;
      this.#controller?.abort(error);
      // While the body is arriving, no handler works on the request.
      if (this.#request.raw.complete) {
        this.at = now + lastWordMsMax;
        return;
      }
    }
    this.#open.delete(this);
    if (!this.#reply.sent && !this.#reply.raw.headersSent) onLate(this.#reply, error);
  }

  end(): void {
    this.#open.delete(this);
  }
}
