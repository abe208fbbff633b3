/**
 * Who is let in when there is too much to do. A costly request that comes too late in a turn of the event loop, or finds the workers'
 * queue full, is refused before its body is read: refusing costs little, so whoever was let in is answered soon, and whoever was not
 * hears so at once. Cheap requests (health, metrics, reading) are always let in.
 *
 * Under load one turn of the event loop serves all connections that had something to read when it began. What was let in early in the
 * turn keeps the later ones waiting; the time since the turn's first costly request says how long.
 */

import type { IncomingMessage } from "node:http";
import { counter, gauge, type StatsOf } from "../../watch/metric-kinds.ts";

export interface AdmissionLimits {
  /** Work of one turn of the event loop: what comes later in it is refused, */
  readonly turnMsMax: number;
  /**
   * but for so many: a process that the system made wait for a processor is not overloaded by its clients, and clients that each wait for
   * their answer, a pool of usual size, are all served, however long each takes;
   */
  readonly turnCountMin: number;
  /** and only once turns have been longer than that for so long: a burst of requests after a pause is answered. */
  readonly burstMsMax: number;
  /** Costly requests that are being answered at once. */
  readonly inFlightMax: number;
  /** Their bodies together, by what they say of their length, */
  readonly bodyBytesMax: number;
  /** and those that do not say it by this, until they have come: then it is known. */
  readonly unsaidBytes: number;
  /** Expected wait for a worker. */
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
/** A request and its connection, which counts the bytes that came. */
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
  refusedByQueue: counter("Requests refused because what waits for a worker takes too long"),
  refusedByAnswers: counter("Requests refused because too many bytes of answers had not been read"),
};
export type AdmissionStats = StatsOf<typeof admissionMetrics>;

export interface Admission {
  /** Why a request is not let in; `undefined` lets it in. */
  refusal(request: Arriving): string | undefined;
  /** It has been let in and is not over. */
  has(request: Sized): boolean;
  /** Once for each that was let in, when it is over. */
  left(request: Sized): void;
  stats(): AdmissionStats;
}

export interface AdmissionOptions {
  readonly limits?: Partial<AdmissionLimits>;
  /** Seconds until what waits for a worker is done. */
  readonly waitSeconds: () => number;
  /** Why nothing more can be begun for another reason. */
  readonly otherwiseFull?: () => string | undefined;
  readonly now?: () => number;
}

/** Smaller ones are not counted: they cost less than counting. */
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
  /** Since when every turn was too long. */
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
    // What is larger than all of them may be is refused where bodies are read, for good.
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
