/** Resolves a host, checks its addresses, and connects to these addresses only, so that a later change of the name has no effect. */

import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { rootCertificates } from "node:tls";
import { buildConnector } from "undici";
import { NomalyError } from "@nomaly/detect";
import { checkAddress, type AllowedHost } from "./allowed-hosts.ts";
import type { Lookup } from "./name-cache.ts";

export interface GuardOptions {
  readonly url: URL;
  readonly entry: AllowedHost;
  readonly resolve: Lookup;
  readonly connectTimeoutMs: number;
  /** Certificates of authorities to trust besides those of Node. */
  readonly extraAuthorities?: readonly string[] | undefined;
}

/** Idle time after which TCP keep-alive probes a connection. */
const keepAliveIdleMs = 30_000;
/** Time for one address before the next one is tried. */
const addressMsMax = 1000;

export function guardedConnector(options: GuardOptions): buildConnector.connector {
  const { url, entry, resolve, connectTimeoutMs, extraAuthorities } = options;

  /** Called for names only: `checkUrl` has checked an address in a URL. */
  async function checkedAddresses(hostname: string): Promise<LookupAddress[]> {
    const addresses = await resolve(hostname);
    if (addresses.length === 0) throw new NomalyError("OUTGOING", `${hostname} has no address`, { field: "url" });
    // One forbidden address makes all addresses of the name suspect, so all are checked before any is used.
    for (const address of addresses) checkAddress(url, address, entry);
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }

  return buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    keepAliveInitialDelay: keepAliveIdleMs,
    // Node tries all these addresses. It checks the certificate, and sends the Host header, of the name.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: addressMsMax,
    lookup: (hostname, _options, answer) =>
      void checkedAddresses(hostname).then(
        (addresses) => answer(null, addresses),
        (error: NodeJS.ErrnoException) => answer(error, []),
      ),
    ...(extraAuthorities === undefined ? {} : { ca: [...rootCertificates, ...extraAuthorities] }),
  });
}
