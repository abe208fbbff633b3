/**
 * Who may use a service that asks for no key: programs of this machine, and pages that it serves itself. A page of another origin can make
 * a browser send requests here, and by a name of its own that it lets point to this machine (DNS rebinding) it could read the answers as
 * well. What the browser says of both in headers cannot be changed by the page.
 */

import type { IncomingMessage } from "node:http";
import { NomalyError } from "@nomaly/detect";

/** Whatever the port: a tunnel may lead here from another one, and what a page of that port sends says so in `Origin`. */
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const harmlessMethods: readonly string[] = ["GET", "HEAD", "OPTIONS"];
/** What a browser says of a page that may; of another port of this machine `Origin` says more. */
const nearSites: readonly string[] = ["same-origin", "same-site", "none"];
const shownLengthMax = 100;

/** @throws NomalyError FORBIDDEN naming the header. */
export function requireSameOrigin({ method = "", url = "", headers, rawHeaders }: Arriving): void {
  for (const host of hostsOf(rawHeaders, url)) {
    if (!loopbackHost.test(host)) throw refusal("host", "an address of this machine, such as 127.0.0.1 or localhost", host);
  }
  if (harmlessMethods.includes(method)) return;
  const { host = "", origin, "sec-fetch-site": site } = headers;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) throw refusal("origin", `http://${host}`, origin);
  if (site !== undefined && !nearSites.includes(site)) throw refusal("sec-fetch-site", "same-origin", site);
}

type Arriving = Pick<IncomingMessage, "method" | "url" | "headers" | "rawHeaders">;

/** Every host that the request names: of several headers the parser shows only the first, and a target may be a whole URL. */
function hostsOf(rawHeaders: readonly string[], url: string): readonly string[] {
  const hosts: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index].length === 4 && rawHeaders[index].toLowerCase() === "host") hosts.push(rawHeaders[index + 1]);
  }
  if (hosts.length === 0) hosts.push("");
  if (!url.startsWith("/")) hosts.push(/^[^/?#]*\/\/([^/?#]*)/.exec(url)?.[1] ?? "");
  return hosts;
}

/** Behind what speaks TLS for us a page is of https, and the host is the same. */
function hostOf(origin: string): string | undefined {
  const scheme = /^https?:\/\//i.exec(origin)?.[0];
  return scheme === undefined ? undefined : origin.slice(scheme.length).toLowerCase();
}

function refusal(field: string, expected: string, received: string): NomalyError {
  const shown = received.slice(0, shownLengthMax);
  const message = `without keys only programs and pages of this machine are served: the header ${field} must be ${expected}, it is "${shown}"`;
  return new NomalyError("FORBIDDEN", message, { field, expected, received: shown });
}
