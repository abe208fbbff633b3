/**
 * Lets pages of listed origins use the service (CORS). The service takes its key from a header that a page must set itself, never from a
 * cookie, so no answer allows credentials. A page of an origin that is not listed gets none of these headers, and its browser shows it
 * nothing.
 */

import { NomalyError } from "@nomaly/detect";
import type { App } from "../app.ts";

export interface OtherOrigins {
  readonly isListed: (origin: string | undefined) => boolean;
  /** Headers of every answer to a request that names this origin. */
  readonly headersFor: (origin: string | undefined) => Readonly<Record<string, string>>;
}

const anyOrigin = "*";
const methods = "GET, HEAD, POST, PATCH, DELETE";
const sentHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key";
/** A page may read only these, beside the few that it always may. */
const readHeaders = [
  "Allow",
  "Content-Disposition",
  "ETag",
  "Idempotent-Replayed",
  "Location",
  "Nomaly-Anomalies",
  "Nomaly-Model-Version",
  "Nomaly-Processing-Time-Ms",
  "Nomaly-Threshold",
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "Retry-After",
  "X-Request-Id",
].join(", ");
/** How long a browser keeps the answer to its question. */
const keptSeconds = "600";

/** @throws NomalyError CONFIG naming what is no origin, and for `*` where no key is needed: then every page could use the service. */
export function otherOrigins(listed: readonly string[], isKeyRequired: boolean): OtherOrigins {
  for (const origin of listed) requireOrigin(origin, isKeyRequired);
  const known = new Set(listed.map((origin) => origin.toLowerCase()));
  const isAny = known.has(anyOrigin);
  const isListed = (origin: string | undefined) => origin !== undefined && (isAny || known.has(origin));
  return {
    isListed,
    headersFor: (origin) => {
      if (known.size === 0) return {};
      // A cache between must not give the answer for one origin to another.
      if (origin === undefined || !isListed(origin)) return { vary: "Origin" };
      const allowed = isAny ? anyOrigin : origin;
      return { vary: "Origin", "access-control-allow-origin": allowed, "access-control-expose-headers": readHeaders };
    },
  };
}

/** Must be called before the hooks that refuse requests, so that a page can read why, and that ask for a key, which no preflight has. */
export function admitPages(app: App, others: OtherOrigins): void {
  app.addHook("onRequest", (request, reply, proceed) => {
    const { origin } = request.headers;
    reply.headers(others.headersFor(origin));
    const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight || !others.isListed(origin)) return proceed();
    void reply
      .code(204)
      .headers({
        "access-control-allow-methods": methods,
        "access-control-allow-headers": sentHeaders,
        "access-control-max-age": keptSeconds,
      })
      .send(null);
  });
}

function requireOrigin(given: string, isKeyRequired: boolean): void {
  const field = "cors_origins";
  if (given === anyOrigin) {
    if (isKeyRequired) return;
    const message = `cors_origins "*" would let every page that somebody opens use a service without keys: list the origins, or set auth to required`;
    throw new NomalyError("CONFIG", message, { field, received: given });
  }
  const url = URL.parse(given);
  if (url !== null && /^https?:$/.test(url.protocol) && url.origin === given.toLowerCase()) return;
  const hint = url === null || url.origin === "null" ? "https://app.example.com" : url.origin;
  const message = `cors_origins holds "${given}", which is not an origin (scheme, host and, if it is not the usual one, port): write it like ${hint}`;
  throw new NomalyError("CONFIG", message, { field, received: given });
}
