/** Finds the next address of a redirect, and the headers that may be sent there. */

const statuses = new Set([301, 302, 303, 307, 308]);
/** Other headers may hold a secret of the caller, so they are not sent to another host. */
const headersForAnyHost = new Set(["accept", "range", "user-agent"]);

export interface Hop {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Undefined when the answer is no redirect, or the method is not GET or HEAD: a change would be sent twice. */
export function nextHop(hop: Hop, method: string, status: number, location: string | undefined): Hop | undefined {
  if (!statuses.has(status) || location === undefined || (method !== "GET" && method !== "HEAD")) return undefined;
  const url = URL.parse(location, hop.url);
  if (url === null) return undefined;
  url.hash = "";
  return { url, headers: url.origin === hop.url.origin ? hop.headers : headersForOthers(hop.headers) };
}

function headersForOthers(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => headersForAnyHost.has(name.toLowerCase())));
}
