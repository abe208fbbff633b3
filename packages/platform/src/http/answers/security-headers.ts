/** Headers that every reply carries: nothing of this service is to be framed, guessed at, run or kept by anybody else. */

import type { App } from "../app.ts";

/** Replies are data: nothing in them may load or run anything. Pages say otherwise for themselves. */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

export const securityHeaders = {
  "content-security-policy": dataPolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** Stands before whatever refuses requests. */
export function giveHeaders(app: App): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(securityHeaders).header("x-request-id", request.id);
    done();
  });
}

/** Of a problem that is told before the web framework has the request, or without it: the same as it gets there. */
export function problemHeaders(requestId: string): Readonly<Record<string, string>> {
  return { ...securityHeaders, "x-request-id": requestId, "content-type": "application/problem+json; charset=utf-8" };
}
