/**
 * Decides which costly requests the service admits under load. It refuses a costly request before its body is read when the request
 * comes too late in a turn of the event loop, or when the queue of the workers is full. Refusing costs little, so admitted requests
 * are answered soon and the others are refused at once. Cheap requests (health, metrics, reading) are always admitted.
 *
 * Under load, one turn of the event loop serves all connections that had something to read when it began. Requests admitted early in
 * the turn delay the later ones, by about the time since the first costly request of the turn.
 */

import type { IncomingMessage } from "node:http";
import { counter, gauge, type StatsOf } from "../../watch/metric-kinds.ts";

export interface AdmissionLimits {
  /** Time in one turn of the event loop after which costly requests may be refused. */
  readonly turnMsMax: number;
  /**
   * Requests that every turn admits, however long it takes: a process that had to wait for a processor is not overloaded, and a usual
   * pool of clients that each wait for their answer gets all its answers.
   */
  readonly turnCountMin: number;
  /** Requests are refused only when all turns have been too long for this time, so that a short burst is answered. */
  readonly burstMsMax: number;
  /** Most costly requests in flight. */
  readonly inFlightMax: number;
  /** Largest sum of the lengths of their bodies. */
  readonly bodyBytesMax: number;
  /** Counted for a body without a content-length, until it has arrived and its length is known. */
  readonly unsaidBytes: number;
  /** Longest expected wait for a worker. */
  readonly waitSecondsMax: number;
}

export const admissionDefaults: AdmissionLimits = {
  turnMsMax: 8,
  turnCountMin: 16,
  burstMsMax: 24,
  inFlightMax: 2000,
  bodyBytesMax: 1024 ** 3,
  unsaidBytes: 64 * 1024 ** 2,
  waitSecondsMax: 1,
};

type Sized = Pick<IncomingMessage, "headers">;
/** A request with its connection, which counts the received bytes. */
type Arriving = Sized & {
  readonly socket: { readonly bytesRead: number };
  once(event: "end", listener: () => void): unknown;
};

export const admissionMetrics = {
  inFlight: gauge("Requests that were let in and are not over"),
  bodyBytes: gauge("Bytes of the bodies of requests in flight"),
  admitted: counter("Requests let in"),
  refusedByTurn: counter("Requests refused because this turn of the event loop had let in enough"),
  refusedByCount: counter("Requests refused because too many were in flight"),
  refusedByBytes: counter("Requests refused because too many bytes of bodies were on their way"),
  refusedByQueue: counter("Requests refused because the wait for a worker would be too long"),
  refusedByAnswers: counter("Requests refused because too many bytes of answers had not been read"),
};
export type AdmissionStats = StatsOf<typeof admissionMetrics>;

export interface Admission {
  /** Admits the request and returns undefined, or returns the reason to refuse it. */
  refusal(request: Arriving): string | undefined;
  /** Whether the request was admitted and is not over. */
  has(request: Sized): boolean;
  /** To be called once for each admitted request, when it is over. */
  left(request: Sized): void;
  stats(): AdmissionStats;
}

export interface AdmissionOptions {
  readonly limits?: Partial<AdmissionLimits>;
  /** Expected seconds until the waiting work of the workers is done. */
  readonly waitSeconds: () => number;
  /** Another reason to refuse costly requests; undefined while there is none. */
  readonly otherwiseFull?: () => string | undefined;
  readonly now?: () => number;
}

/** Smaller bodies are not counted. */
const weighedBytesMin = 64 * 1024;

export function createAdmission({
  limits: given = {},
  waitSeconds,
  otherwiseFull = () => undefined,
  now = () => performance.now(),
}: AdmissionOptions): Admission {
  const limits = { ...admissionDefaults, ...given };
  const counts = { admitted: 0, refusedByTurn: 0, refusedByCount: 0, refusedByBytes: 0, refusedByQueue: 0, refusedByAnswers: 0 };
  let inFlight = 0;
  let bodyBytes = 0;
  let turnStartedAt = 0;
  let turnCount = 0;
  /** The start of the first of the latest turns that were all too long. */
  let behindSince: number | undefined;
  const endTurn = () => {
    turnCount = 0;
    const isLong = now() - turnStartedAt > limits.turnMsMax;
    behindSince = isLong ? (behindSince ?? turnStartedAt) : undefined;
  };
  const sizes = new Map<Sized, number>();

  function setSize(request: Sized, sizeBytes: number): void {
    bodyBytes += sizeBytes - (sizes.get(request) ?? 0);
    sizes.set(request, sizeBytes);
  }

  function isBehind(time: number): boolean {
    return time - turnStartedAt > limits.turnMsMax && time - (behindSince ?? turnStartedAt) > limits.burstMsMax;
  }

  function refusal(request: Arriving): string | undefined {
    if (turnCount === 0) {
      turnStartedAt = now();
      setImmediate(endTurn);
    } else if (turnCount >= limits.turnCountMin && isBehind(now())) {
      counts.refusedByTurn++;
      return "more requests came at once than can be answered soon";
    }
    if (inFlight >= limits.inFlightMax) {
      counts.refusedByCount++;
      return `${inFlight} requests are being answered already`;
    }
    if (waitSeconds() > limits.waitSecondsMax) {
      counts.refusedByQueue++;
      return "the wait for a worker would be too long";
    }
    const full = otherwiseFull();
    if (full !== undefined) {
      counts.refusedByAnswers++;
      return full;
    }
    const isUnsaid = request.headers["transfer-encoding"] !== undefined;
    const saidBytes = sizeOf(request);
    // A body over the limit of all bodies is refused, finally, by the code that reads bodies.
    const sizeBytes = isUnsaid ? limits.unsaidBytes : saidBytes > limits.bodyBytesMax ? 0 : saidBytes;
    if (bodyBytes + sizeBytes > limits.bodyBytesMax) {
      counts.refusedByBytes++;
      return `the bodies of ${inFlight} requests take ${bodyBytes} bytes already`;
    }
    turnCount++;
    inFlight++;
    setSize(request, sizeBytes);
    if (isUnsaid) {
      const before = request.socket.bytesRead;
      request.once("end", () => sizes.has(request) && setSize(request, request.socket.bytesRead - before));
    }
    counts.admitted++;
    return undefined;
  }

  return {
    refusal,
    has: (request) => sizes.has(request),
    left(request) {
      inFlight--;
      setSize(request, 0);
      sizes.delete(request);
    },
    stats: () => ({ inFlight, bodyBytes, ...counts }),
  };
}

function sizeOf({ headers }: Sized): number {
  const length = Number(headers["content-length"]);
  return length >= weighedBytesMin ? length : 0;
}
