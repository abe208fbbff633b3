/** Makes one call: follows redirects, retries each, and checks the allowed hosts before every request that it sends. */

import { Client } from "undici";
import { NomalyError } from "@nomaly/detect";
import { checkUrl, type AllowedHost } from "./allowed-hosts.ts";
import { withAttempts } from "./attempts.ts";
import type { ConnectionPool, Target } from "./connection-pool.ts";
import { exchange, type Exchange, type HttpMethod, type RequestBody } from "./exchange.ts";
import { guardedConnector } from "./guarded-connector.ts";
import type { Lookup } from "./name-cache.ts";
import { nextHop, type Hop } from "./redirects.ts";

export interface CallLimits {
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly attemptsMax: number;
}

/** Parts and limits that all calls of a client share. */
export interface CallContext {
  readonly pool: ConnectionPool;
  readonly resolve: Lookup;
  readonly allowedHosts: readonly AllowedHost[];
  readonly extraAuthorities: readonly string[] | undefined;
  readonly limits: CallLimits;
  readonly random: () => number;
  readonly onRetry: () => void;
  readonly onRedirect: () => void;
}

export interface Call<Body> {
  readonly first: Hop;
  readonly method: HttpMethod;
  readonly body: RequestBody | undefined;
  readonly isRepeatable: boolean;
  readonly redirectsMax: number;
  readonly headersTimeoutMs: number;
  readonly responseBytesMax: number;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Reads the answer for the caller. When it fails, the request may be retried. */
  readonly take: (answer: Exchange) => Promise<Body>;
}

export interface CallAnswer<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly url: string;
}

/** `taken` is undefined for an answer that may be retried or followed instead of given to the caller. */
interface Tried<Body> {
  readonly answer: Exchange;
  readonly next?: Hop;
  readonly taken?: Body;
}

/** Statuses that ask for a retry. */
const passingStatuses = new Set([429, 502, 503, 504]);

export async function makeCall<Body>(call: Call<Body>, context: CallContext): Promise<CallAnswer<Body>> {
  let hop = call.first;
  for (let redirects = 0; ; redirects++) {
    const { answer, next, taken } = await tryUntilAnswered(call, hop, context);
    if (next === undefined) {
      const { status, headers } = answer;
      return { status, headers, body: taken ?? (await call.take(answer)), url: hop.url.href };
    }
    answer.body.destroy();
    if (redirects >= call.redirectsMax) {
      throw new NomalyError("OUTGOING", `${call.first.url.origin} redirects more than ${redirects} times`, { field: "url" });
    }
    context.onRedirect();
    hop = next;
  }
}

function tryUntilAnswered<Body>(call: Call<Body>, hop: Hop, context: CallContext): Promise<Tried<Body>> {
  const attempt = async (): Promise<Tried<Body>> => {
    const answer = await ask(call, hop, context);
    const next = call.redirectsMax > 0 ? nextHop(hop, call.method, answer.status, answer.headers["location"]) : undefined;
    if (next !== undefined) return { answer, next };
    return passingStatuses.has(answer.status) ? { answer } : { answer, taken: await call.take(answer) };
  };
  return withAttempts(attempt, {
    attemptsMax: context.limits.attemptsMax,
    isRepeatable: call.isRepeatable,
    deadlineMs: call.deadlineMs,
    signal: call.signal,
    random: context.random,
    askedToWait: ({ answer }) =>
      passingStatuses.has(answer.status) ? { waitMs: retryAfterMs(answer.headers["retry-after"]) } : undefined,
    discard: ({ answer }) => void answer.body.destroy(),
    onRetry: context.onRetry,
  });
}

async function ask<Body>(call: Call<Body>, { url, headers }: Hop, context: CallContext): Promise<Exchange> {
  const { method, body, headersTimeoutMs, responseBytesMax, signal } = call;
  const entry = checkUrl(url, context.allowedHosts);
  const lease = await context.pool.acquire(targetOf(url, entry, context), signal);
  const { bodyTimeoutMs } = context.limits;
  return exchange(lease, { url, method, headers, body, headersTimeoutMs, bodyTimeoutMs, responseBytesMax, signal });
}

function targetOf(url: URL, entry: AllowedHost, { limits, resolve, extraAuthorities }: CallContext): Target {
  const { keepAliveMs, connectTimeoutMs } = limits;
  return {
    origin: url.origin,
    host: url.hostname,
    open: () =>
      new Client(url.origin, {
        connect: guardedConnector({ url, entry, resolve, connectTimeoutMs, extraAuthorities }),
        keepAliveTimeout: keepAliveMs,
        keepAliveMaxTimeout: keepAliveMs,
        pipelining: 1,
        allowH2: false,
      }),
  };
}

/** Seconds, or a date; undefined for anything else. */
function retryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}
