/** The HTTP client for all calls of the service to other servers: bounded in connections, time and bytes, and to allowed hosts only. */

import type { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";
import type { Clock } from "../pools/resource-pool.ts";
import type { AllowedHost } from "./allowed-hosts.ts";
import type { CallAnswer, CallContext } from "./call.ts";
import { connectionPoolMetrics, createConnectionPool } from "./connection-pool.ts";
import { collect, type Exchange, type HttpMethod, type RequestBody } from "./exchange.ts";
import { createNameCache, lookupSystem, type Lookup } from "./name-cache.ts";
import { outgoingError, totalTimeoutError } from "./outgoing-error.ts";
import { counter, type StatsOf } from "../watch/metric-kinds.ts";

export interface HttpRequest {
  readonly url: string;
  /** GET by default. */
  readonly method?: HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Sending the request twice has the effect of once; by default true for GET, HEAD and PUT. Other requests are retried only if nothing was sent. */
  readonly isRepeatable?: boolean;
  /** 0 by default: a redirect is then the answer. */
  readonly redirectsMax?: number;
  readonly totalTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
  readonly responseBytesMax?: number;
  readonly signal?: AbortSignal;
}

/** An answer of any status, since a 404 is no error here. Header names are in lower case; `url` is the address after all redirects. */
export type HttpResponse = CallAnswer<Uint8Array>;
/** The caller must read the body to its end or destroy it, since it holds a connection. */
export type HttpStream = CallAnswer<Readable>;

export const httpClientMetrics = {
  ...connectionPoolMetrics,
  requests: counter("Calls to other servers"),
  retries: counter("Further tries of calls"),
  redirects: counter("Redirects followed"),
  timeouts: counter("Calls whose time was over"),
  errors: counter("Calls that ended without an answer, timeouts and refusals among them"),
  nameHits: counter("Names of hosts whose addresses were known"),
  nameMisses: counter("Names of hosts that were looked up"),
};
export type HttpClientStats = StatsOf<typeof httpClientMetrics>;

export interface HttpClient {
  /** @throws NomalyError OUTGOING (refused, failed, too large), TIMEOUT, ABORTED */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** For answers too large for memory. The total time covers the body; a body that breaks off is not requested again. */
  stream(request: HttpRequest): Promise<HttpStream>;
  stats(): HttpClientStats;
  close(): Promise<void>;
}

type Limits = { readonly [Name in keyof typeof httpClientDefaults]: number };

export interface HttpClientOptions extends Partial<Limits> {
  readonly allowedHosts: readonly AllowedHost[];
  readonly extraAuthorities?: readonly string[];
  readonly lookup?: Lookup;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export const httpClientDefaults = {
  connectionsMax: 100,
  connectionsPerHostMax: 30,
  nameTtlMs: 300_000,
  keepAliveMs: 30_000,
  connectTimeoutMs: 5_000,
  headersTimeoutMs: 30_000,
  bodyTimeoutMs: 30_000,
  /** Covers all tries, redirects and waits of a call. */
  totalTimeoutMs: 60_000,
  responseBytesMax: 16 * 1024 * 1024,
  attemptsMax: 3,
  /** Time that running calls get to end when the client is closed. */
  closeGraceMs: 5_000,
} as const;

const repeatableMethods: readonly HttpMethod[] = ["GET", "HEAD", "PUT"];

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const limits = { ...httpClientDefaults, ...options };
  const { clock = performance, random = Math.random, lookup = lookupSystem, allowedHosts, extraAuthorities } = options;
  const names = createNameCache(lookup, limits.nameTtlMs, clock);
  const pool = createConnectionPool({ ...limits, clock });
  const count = { requests: 0, retries: 0, redirects: 0, timeouts: 0, errors: 0 };
  const context: CallContext = {
    pool,
    resolve: names.resolve,
    allowedHosts,
    extraAuthorities,
    limits,
    random,
    onRetry: () => void count.retries++,
    onRedirect: () => void count.redirects++,
  };

  /** @param keepRunning gets a function that stops the timer of the total time, and calls it when the body has been read. */
  async function run<Body>(
    request: HttpRequest,
    take: (answer: Exchange) => Promise<Body>,
    keepRunning: (body: Body, stop: () => void) => void,
  ): Promise<CallAnswer<Body>> {
    count.requests++;
    const url = parseUrl(request.url);
    const totalTimeoutMs = request.totalTimeoutMs ?? limits.totalTimeoutMs;
    const total = new AbortController();
    const timer = setTimeout(() => total.abort(totalTimeoutError(url, totalTimeoutMs)), totalTimeoutMs);
    const signal = request.signal === undefined ? total.signal : AbortSignal.any([total.signal, request.signal]);
    const { method = "GET", body, redirectsMax = 0 } = request;
    const { headersTimeoutMs, responseBytesMax } = { ...limits, ...request };
    const isRepeatable = request.isRepeatable ?? repeatableMethods.includes(method);
    const first = { url, headers: { "user-agent": "nomaly", ...request.headers } };
    const deadlineMs = performance.now() + totalTimeoutMs;
    try {
      signal.throwIfAborted();
      // Loaded at the first call, since most services make none.
      const { makeCall } = await import("./call.ts");
      const bounds = { redirectsMax, headersTimeoutMs, responseBytesMax, deadlineMs };
      const call = { first, method, body, isRepeatable, ...bounds, signal, take };
      const answer = await makeCall(call, context);
      keepRunning(answer.body, () => clearTimeout(timer));
      return answer;
    } catch (error) {
      clearTimeout(timer);
      const told = outgoingError(error, url, signal);
      count.errors++;
      if (told.code === "TIMEOUT") count.timeouts++;
      throw told;
    }
  }

  return {
    request: (request) =>
      run(
        request,
        ({ body }) => collect(body),
        (_body, stop) => stop(),
      ),
    stream: (request) =>
      run(
        request,
        async ({ body }) => body,
        (body, stop) => void body.once("close", stop),
      ),
    stats() {
      const { hits, misses } = names.stats();
      return { ...pool.stats(), ...count, nameHits: hits, nameMisses: misses };
    },
    close: () => pool.close(limits.closeGraceMs),
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null)
    throw new NomalyError("OUTGOING", "a call to another server needs a URL", { field: "url", expected: "a URL" });
  // Fragments are not sent to servers.
  url.hash = "";
  return url;
}
