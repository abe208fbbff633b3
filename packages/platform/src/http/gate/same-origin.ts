/**
 * Refuses requests of foreign web pages to a service without keys, which serves programs of this machine and its own pages only. A page
 * of another origin can make a browser send requests here, and by a host name that it points to this machine (DNS rebinding) it could
 * read the answers. The browser names host and origin in headers that the page cannot change.
 */

import type { IncomingMessage } from "node:http";
import { NomalyError } from "@nomaly/detect";

/** Any port is allowed, since a tunnel may have another; `Origin` has the port of a page. */
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const harmlessMethods: readonly string[] = ["GET", "HEAD", "OPTIONS"];
/** Values of Sec-Fetch-Site that are allowed; `Origin` tells apart the ports of this machine. */
const nearSites: readonly string[] = ["same-origin", "same-site", "none"];
const shownLengthMax = 100;

/** @param isListed tells origins of pages that may use the service all the same. @throws NomalyError FORBIDDEN naming the header. */
export function requireSameOrigin(
  { method = "", url = "", headers, rawHeaders }: Arriving,
  isListed: (origin: string | undefined) => boolean,
): void {
  for (const host of hostsOf(rawHeaders, url)) {
    if (!loopbackHost.test(host)) throw refusal("host", "an address of this machine, such as 127.0.0.1 or localhost", host);
  }
  if (harmlessMethods.includes(method)) return;
  const { host = "", origin, "sec-fetch-site": site } = headers;
  if (isListed(origin)) return;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) throw refusal("origin", `http://${host}`, origin);
  if (site !== undefined && !nearSites.includes(site)) throw refusal("sec-fetch-site", "same-origin", site);
}

type Arriving = Pick<IncomingMessage, "method" | "url" | "headers" | "rawHeaders">;

/** All hosts that the request names: `headers` has only the first of several Host headers, and the target may be a whole URL. */
function hostsOf(rawHeaders: readonly string[], url: string): readonly string[] {
  const hosts: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index].length === 4 && rawHeaders[index].toLowerCase() === "host") hosts.push(rawHeaders[index + 1]);
  }
  if (hosts.length === 0) hosts.push("");
  if (!url.startsWith("/")) hosts.push(/^[^/?#]*\/\/([^/?#]*)/.exec(url)?.[1] ?? "");
  return hosts;
}

/** Ignores the scheme of the origin: behind a TLS proxy a page has https and the same host. */
function hostOf(origin: string): string | undefined {
  const scheme = /^https?:\/\//i.exec(origin)?.[0];
  return scheme === undefined ? undefined : origin.slice(scheme.length).toLowerCase();
}

function refusal(field: string, expected: string, received: string): NomalyError {
  const shown = received.slice(0, shownLengthMax);
  const message = `without keys only programs and pages of this machine are served: the header ${field} must be ${expected}, it is "${shown}"`;
  return new NomalyError("FORBIDDEN", message, { field, expected, received: shown });
}
