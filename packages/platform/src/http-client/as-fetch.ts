/** The client in the form of `fetch`, for libraries that take one: the same pool, the same guard. Only what they need of it. */

import type { HttpClient, HttpRequest } from "./http-client.ts";

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Headers | Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export function asFetch(client: Pick<HttpClient, "request">): (url: string, options?: FetchOptions) => Promise<Response> {
  return async (url, { method = "GET", headers, signal } = {}) => {
    const sent = Object.fromEntries(new Headers(headers));
    const request: HttpRequest = { url, method: method as "GET", headers: sent, ...(signal === undefined ? {} : { signal }) };
    const { status, headers: received, body } = await client.request(request);
    // The constructor refuses a body, even an empty one, with these.
    const isBodiless = status === 204 || status === 205 || status === 304;
    return new Response(isBodiless ? null : Buffer.from(body), { status, headers: received });
  };
}
