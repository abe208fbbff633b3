/** Sends requests: who asks, how long, and what is tried again. */

import { describe, errorOf, ServiceError } from "./service-error.ts";

export interface ClientOptions {
  /** Where the service is, as in `http://127.0.0.1:8080`; a path before `/api` is kept. */
  readonly url: string;
  /** A key made by `nomaly keys create`. */
  readonly apiKey?: string | undefined;
  /** A token of the issuer that the service trusts; a function is asked before every try. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** Of a call, all its tries together; 60 s by default. */
  readonly timeoutMs?: number | undefined;
  /** Further tries after the first; 3 by default. */
  readonly retries?: number | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Instead of the client's. */
  readonly timeoutMs?: number | undefined;
}

type QueryValue = string | number | boolean | undefined;

export interface Asked {
  /** `GET /api/detectors/:id`. */
  readonly route: string;
  readonly id?: string;
  /** An interface of known members: what is undefined is left out. */
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: FormData | Blob | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  /** It changes what is stored: sent under a key, so that the service does it once however often it is sent. */
  readonly isChange?: boolean;
}

export interface Transport {
  /** @param read part of the try: a connection that is cut while the answer is read is tried again. */
  readonly call: <Answer>(asked: Asked, read: (response: Response) => Promise<Answer>, options?: CallOptions) => Promise<Answer>;
  /** One try, its body unread; for streams. */
  readonly open: (asked: Asked, signal: AbortSignal) => Promise<Response>;
  readonly retries: number;
}

const timeoutMsDefault = 60_000;
const retriesDefault = 3;
/** A timer of more fires at once. */
const timerMsMax = 2 ** 31 - 1;

export function createTransport(options: ClientOptions): Transport {
  const base = new URL(options.url).href.replace(/\/+$/, "");
  const { retries = retriesDefault, timeoutMs: usualTimeoutMs = timeoutMsDefault } = options;
  // Called as a method of the page: a browser's fetch refuses any other `this`.
  const send: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));

  async function open(asked: Asked, signal: AbortSignal): Promise<Response> {
    return openWith(asked, await credentials(options), signal);
  }

  async function openWith(asked: Asked, extra: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const [method, path] = asked.route.split(" ");
    const { json, body } = asked;
    const response = await send(base + path.replace(":id", () => idText(asked.id)) + queryText(asked.query), {
      method,
      headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...asked.headers, ...extra },
      signal,
      // The service never redirects, and a key must not follow wherever a proxy points.
      redirect: "manual",
      ...(json === undefined ? (body === undefined ? {} : { body }) : { body: jsonText(json) }),
    });
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  async function call<Answer>(
    asked: Asked,
    read: (response: Response) => Promise<Answer>,
    { signal, timeoutMs = usualTimeoutMs }: CallOptions = {},
  ): Promise<Answer> {
    const end = performance.now() + timeoutMs;
    const timeout = AbortSignal.timeout(Math.min(timeoutMs, timerMsMax));
    const stop = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const key: Record<string, string> = asked.isChange === true ? { "idempotency-key": newKey() } : {};
    for (let attempt = 0; ; attempt++) {
      const extra = { ...key, ...(await credentials(options)) };
      try {
        return await read(await openWith(asked, extra, stop));
      } catch (cause) {
        signal?.throwIfAborted();
        if (timeout.aborted) throw timedOut(timeoutMs, cause);
        const error = asServiceError(cause);
        const pauseMs = pauseBefore(attempt, error.retryAfterSeconds);
        if (!isPassing(error) || attempt >= retries || performance.now() + pauseMs >= end) throw error;
        await pause(pauseMs, signal);
      }
    }
  }

  return { call, open, retries };
}

/** Reads JSON; what is none comes from a server in between. */
export async function json<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw new ServiceError({ code: "UNEXPECTED", status: response.status, detail: describe(response, text) });
  }
}

export async function nothing(response: Response): Promise<void> {
  await response.arrayBuffer();
}

async function credentials({ apiKey, token }: ClientOptions): Promise<Record<string, string>> {
  if (token !== undefined) return { authorization: `Bearer ${typeof token === "string" ? token : await token()}` };
  return apiKey === undefined ? {} : { "x-api-key": apiKey };
}

/** An empty one would lead to the list. */
function idText(id: string | undefined): string {
  if (id !== undefined && id !== "") return encodeURIComponent(id);
  throw new ServiceError({ code: "REQUEST", status: 0, field: "id", detail: "the id is empty" });
}

function queryText(query: Asked["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** NaN is written as null, a missing value; infinity would be as well, and it is none. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (name, member: unknown) => {
    if (member !== Infinity && member !== -Infinity) return member;
    throw new ServiceError({ code: "NOT_FINITE", status: 0, field: name, detail: "a request cannot carry an infinite number" });
  });
}

/** No `randomUUID`: pages that came over plain HTTP do not have it. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function asServiceError(cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  const { message, cause: deeper } = cause as Error;
  // Node says "fetch failed" and keeps what happened inside.
  const why = deeper instanceof Error && deeper.message !== "" ? deeper.message : message;
  return new ServiceError({ code: "UNREACHABLE", status: 0, detail: `no answer came: ${why}`, cause });
}

function timedOut(timeoutMs: number, cause: unknown): ServiceError {
  return new ServiceError({ code: "TIMEOUT", status: 0, detail: `the call took longer than ${timeoutMs} ms`, cause });
}

/** Every request may be sent again: it changes nothing, or it carries its key. So only the cause decides. */
export function isPassing({ code, status }: ServiceError): boolean {
  if (code === "UNREACHABLE" || status === 429 || status === 503) return true;
  // From a proxy whose service is away; a 502 of the service itself is an answer.
  return code === "UNEXPECTED" && (status === 502 || status === 504);
}

const firstPauseMs = 200;
const pauseMsMax = 10_000;

/** Doubled each time, half of it by chance, so that many clients do not come again together. */
export function pauseBefore(attempt: number, retryAfterSeconds = 0): number {
  const usualMs = Math.min(firstPauseMs * 2 ** attempt, pauseMsMax);
  return retryAfterSeconds * 1000 + usualMs * (0.5 + Math.random() / 2);
}

/** @throws the signal's reason. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", left);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", left, { once: true });
    if (signal?.aborted === true) left();
  });
}
