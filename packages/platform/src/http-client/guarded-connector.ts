/** Connects to the very addresses that were checked: a name that answers otherwise a moment later leads nowhere else. */

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
  /** Certificates of authorities that are trusted besides the usual ones. */
  readonly extraAuthorities?: readonly string[] | undefined;
}

/** The time before TCP asks whether an idle connection is still there. */
const keepAliveIdleMs = 30_000;
/** One address may keep the others waiting for so long. */
const addressMsMax = 1000;

export function guardedConnector(options: GuardOptions): buildConnector.connector {
  const { url, entry, resolve, connectTimeoutMs, extraAuthorities } = options;

  /** An address that stands in the URL is not asked for here: it was checked with the URL. */
  async function checkedAddresses(hostname: string): Promise<LookupAddress[]> {
    const addresses = await resolve(hostname);
    if (addresses.length === 0) throw new NomalyError("OUTGOING", `${hostname} has no address`, { field: "url" });
    // All of them before any: a name that leads to one forbidden address is not to be trusted with the others.
    for (const address of addresses) checkAddress(url, address, entry);
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }

  return buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    keepAliveInitialDelay: keepAliveIdleMs,
    // Node goes through all addresses that it is given. Certificate and Host header are of the name, not of the address.
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
