/** Security headers of every reply: other sites must not frame replies, browsers must not guess types, run scripts or cache. */

import type { App } from "../app.ts";

export const securityHeaders = {
  // Replies are data and may load or run nothing; the page to try the API sets its own policy.
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** Sets the headers first of all, so that every refusal has them. */
export function giveHeaders(app: App): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(securityHeaders).header("x-request-id", request.id);
    done();
  });
}

/** Headers of an error that is sent without the web framework; the framework's own errors have the same. */
export function problemHeaders(requestId: string): Readonly<Record<string, string>> {
  return { ...securityHeaders, "x-request-id": requestId, "content-type": "application/problem+json; charset=utf-8" };
}
