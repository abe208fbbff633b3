/** Offers the HTTP client in the form of `fetch`, with the options that our libraries use, under the same limits and allowed hosts. */

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
    // The constructor refuses a body, even an empty one, with these statuses.
    const isBodiless = status === 204 || status === 205 || status === 304;
    return new Response(isBodiless ? null : Buffer.from(body), { status, headers: received });
  };
}
