/** One connection of HTTP/1.1 that is kept between requests, and opened again where it was closed. One request at a time. */

import { connect, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Answer, type AnswerReader, createAnswerReader } from "./answer-reader.ts";
import { type ErrorKind, errorKindOf } from "./error-kinds.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly lookup: LookupFunction;
}

/** `stopped`: the caller closed the connection before the answer. */
export type Reply =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "error"; readonly error: ErrorKind }
  | { readonly kind: "stopped" };

export interface Connection {
  /** Connects first where it must, which counts as time of the request. Never rejects. @param request letters of latin1. */
  send(request: string): Promise<Reply>;
  /** Connects beforehand; a failure shows at the next request. */
  open(): Promise<void>;
  /** Ends a request whose time is over. @param now in milliseconds of performance.now(). */
  check(now: number): void;
  /** Ends a request that waits as `stopped`. */
  close(): void;
}

export interface ConnectionOptions {
  readonly endpoint: Endpoint;
  readonly timeoutMs: number;
  /** How much of a body is kept; by default the beginning of refusals, for the message about the first. */
  readonly keptBytesMax?: (status: number) => number;
}

const refusalBytesMax = 2048;
const refusalsOnly = (status: number) => (status >= 300 ? refusalBytesMax : 0);

export function createConnection({ endpoint, timeoutMs, keptBytesMax = refusalsOnly }: ConnectionOptions): Connection {
  let socket: Socket | undefined;
  let reader: AnswerReader = createAnswerReader(keptBytesMax);
  let settle: ((reply: Reply) => void) | undefined;
  let deadline = Number.POSITIVE_INFINITY;

  function finish(reply: Reply): void {
    const waiting = settle;
    settle = undefined;
    deadline = Number.POSITIVE_INFINITY;
    waiting?.(reply);
  }

  function drop(): void {
    socket?.destroy();
    socket = undefined;
  }

  function fail(error: ErrorKind): void {
    drop();
    finish({ kind: "error", error });
  }

  function answered(answer: Answer): void {
    if (!answer.isReusable) drop();
    finish({ kind: "answer", answer });
  }

  function receive(bytes: Buffer): void {
    // Bytes between two requests belong to none.
    if (settle === undefined) return drop();
    try {
      const answer = reader.read(bytes);
      if (answer !== undefined) answered(answer);
    } catch (error) {
      fail(errorKindOf(error));
    }
  }

  function connected(): Socket {
    const made = endpoint.isTls
      ? connectTls({ ...addressOf(endpoint), servername: servernameOf(endpoint), ALPNProtocols: ["http/1.1"] })
      : connect({ ...addressOf(endpoint), noDelay: true });
    reader = createAnswerReader(keptBytesMax);
    // Events of a connection that was given up concern nobody.
    const current = () => socket === made;
    made.on("data", (bytes: Buffer) => void (current() && receive(bytes)));
    made.on("error", (error) => void (current() && fail(errorKindOf(error))));
    made.on("close", () => {
      if (!current()) return;
      socket = undefined;
      const last = reader.end();
      if (last === undefined) fail("reset");
      else answered(last);
    });
    return made;
  }

  return {
    send: (request) =>
      new Promise((resolve) => {
        settle = resolve;
        deadline = performance.now() + timeoutMs;
        socket ??= connected();
        socket.write(request, "latin1");
      }),
    open: () =>
      new Promise((resolve) => {
        socket ??= connected();
        const made = socket;
        for (const event of ["connect", "close"]) made.once(event, () => resolve());
        setTimeout(resolve, timeoutMs).unref();
      }),
    check(now) {
      if (now >= deadline) fail("timeout");
    },
    close() {
      drop();
      finish({ kind: "stopped" });
    },
  };
}

function addressOf({ host, port, lookup }: Endpoint) {
  return { host, port, lookup };
}

/** An address has no name that a certificate could be asked for. */
function servernameOf({ host }: Endpoint): string {
  return /^[\d.]+$|:/.test(host) ? "" : host;
}
