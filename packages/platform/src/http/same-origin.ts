/**
 * Who may use a service that asks for no key: programs of this machine, and pages that it serves itself. A page of another origin can make
 * a browser send requests here, and by a name of its own that it lets point to this machine (DNS rebinding) it could read the answers as
 * well. What the browser says of both in headers cannot be changed by the page.
 */

import type { IncomingHttpHeaders } from "node:http";
import { NomalyError } from "@nomaly/detect";

/** Whatever the port: a tunnel may lead here from another one, and what a page of that port sends says so in `Origin`. */
const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const harmlessMethods: readonly string[] = ["GET", "HEAD", "OPTIONS"];
const shownLengthMax = 100;

/** @throws NomalyError FORBIDDEN naming the header. */
export function requireSameOrigin(method: string, headers: IncomingHttpHeaders): void {
  const { host = "", origin, "sec-fetch-site": site } = headers;
  if (!loopbackHost.test(host)) {
    throw refusal("host", "an address of this machine, such as 127.0.0.1 or localhost", host);
  }
  if (harmlessMethods.includes(method)) return;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) throw refusal("origin", `http://${host}`, origin);
  if (site === "cross-site") throw refusal("sec-fetch-site", "same-origin", site);
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
