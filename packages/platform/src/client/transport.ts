/** Sends requests with credentials, time limits and retries. */

import { describe, errorOf, ServiceError } from "./service-error.ts";

/** Bytes on memory that is not shared: `Uint8Array<ArrayBuffer>`, as compilers before TypeScript 5.7 can read it, too. */
export type OwnBytes = ReturnType<Uint8Array["slice"]>;

/** Where the service is, who calls, and how patient the client is. */
export interface ClientOptions {
  /** Address of the service, such as `http://127.0.0.1:8080`; it may have a path, to which `/api` is added. */
  readonly url: string;
  /** A key made by `nomaly keys create`. */
  readonly apiKey?: string | undefined;
  /** A token of the issuer that the service trusts; a function is called before every try. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** Time limit of a call in milliseconds, all its tries together; 60,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Further tries after the first; 3 by default. */
  readonly retries?: number | undefined;
}

/** Options of every call. */
export interface CallOptions {
  /** Ends the call and its retries: it then throws the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit of this call in milliseconds, all its tries together, in the place of the client's. */
  readonly timeoutMs?: number | undefined;
}

type QueryValue = string | number | boolean | undefined;

export interface Asked {
  /** Method and path, such as `GET /api/detectors/:id`. */
  readonly route: string;
  readonly id?: string;
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly json?: unknown;
  /** A body that is not JSON. */
  readonly body?: FormData | Blob | OwnBytes;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request changes something: it is sent under an idempotency key, so that the service makes the change once. */
  readonly isChange?: boolean;
}

export interface Transport {
  /** @param read belongs to the try: when the connection is lost while it reads the answer, the request is retried. */
  readonly call: <Answer>(asked: Asked, read: (response: Response) => Promise<Answer>, options?: CallOptions) => Promise<Answer>;
  /** Makes one try and leaves the body unread, for streams. */
  readonly open: (asked: Asked, signal: AbortSignal) => Promise<Response>;
  readonly retries: number;
}

const timeoutMsDefault = 60_000;
const retriesDefault = 3;
/** Timers with a longer delay fire at once. */
const timerMsMax = 2 ** 31 - 1;

export function createTransport(options: ClientOptions): Transport {
  const base = new URL(options.url).href.replace(/\/+$/, "");
  const { retries = retriesDefault, timeoutMs: usualTimeoutMs = timeoutMsDefault } = options;
  // Browsers refuse to run `fetch` with another `this` than the global object.
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
      // The service never redirects, and a redirect of a proxy must not get the key.
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

/** Reads JSON; an answer that is not JSON comes from a proxy. */
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

/** Refuses an empty id, with which the path would be that of the list. */
function idText(id: string | undefined): string {
  if (id !== undefined && id !== "") return encodeURIComponent(id);
  throw new ServiceError({ code: "REQUEST", status: 0, field: "id", detail: "the id is empty" });
}

function queryText(query: Asked["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** Writes NaN as null, a missing value, and refuses infinite numbers, which JSON would also write as null. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (name, member: unknown) => {
    if (member !== Infinity && member !== -Infinity) return member;
    throw new ServiceError({ code: "NOT_FINITE", status: 0, field: name, detail: "a request cannot carry an infinite number" });
  });
}

/** Does not use `randomUUID`, which pages loaded over plain HTTP lack. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function asServiceError(cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  const { message, cause: deeper } = cause as Error;
  // The message of Node's `fetch` is "fetch failed"; its cause has the reason.
  const why = deeper instanceof Error && deeper.message !== "" ? deeper.message : message;
  return new ServiceError({ code: "UNREACHABLE", status: 0, detail: `no answer came: ${why}`, cause });
}

function timedOut(timeoutMs: number, cause: unknown): ServiceError {
  return new ServiceError({ code: "TIMEOUT", status: 0, detail: `the call took longer than ${timeoutMs} ms`, cause });
}

/** Whether to retry. Every request may be sent again, since a change has its idempotency key, so only the error decides. */
export function isPassing({ code, status }: ServiceError): boolean {
  if (code === "UNREACHABLE" || status === 429 || status === 503) return true;
  // A proxy answers so when the service is away; a 502 with a code of the service is final.
  return code === "UNEXPECTED" && (status === 502 || status === 504);
}

const firstPauseMs = 200;
const pauseMsMax = 10_000;

/** Doubles with each attempt; half of the pause is random, so that many clients do not retry at the same time. */
export function pauseBefore(attempt: number, retryAfterSeconds = 0): number {
  const usualMs = Math.min(firstPauseMs * 2 ** attempt, pauseMsMax);
  return retryAfterSeconds * 1000 + usualMs * (0.5 + Math.random() / 2);
}

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
