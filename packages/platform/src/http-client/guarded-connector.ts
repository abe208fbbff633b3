/** Resolves a host, checks its addresses, and connects to these addresses only, so that a later change of the name has no effect. */

import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { rootCertificates } from "node:tls";
import { buildConnector, errors } from "undici";
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
/** One address may keep the others waiting for so long, and for less where there are many. */
const addressMsMax = 1000;
const addressMsMin = 250;

export function guardedConnector(options: GuardOptions): buildConnector.connector {
  const { url, entry, resolve, connectTimeoutMs, extraAuthorities } = options;

  /** Called for names only: `checkUrl` has checked an address in a URL. */
  async function checkedAddresses(hostname: string): Promise<LookupAddress[]> {
    const family = isIP(hostname);
    if (family !== 0) return [{ address: hostname, family }];
    const addresses = await resolve(hostname);
    if (addresses.length === 0) throw new NomalyError("OUTGOING", `${hostname} has no address`, { field: "url" });
    // One forbidden address makes all addresses of the name suspect, so all are checked before any is used.
    for (const address of addresses) checkAddress(url, address, entry);
    return addresses.map((address) => ({ address, family: isIP(address) }));
  }

  const connectTo = (addresses: readonly LookupAddress[]) =>
    buildConnector({
      timeout: connectTimeoutMs,
      allowH2: false,
      keepAliveInitialDelay: keepAliveIdleMs,
      // Node goes through all addresses that it is given. Certificate and Host header are of the name, not of the address.
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.min(
        addressMsMax,
        Math.max(addressMsMin, Math.floor(connectTimeoutMs / addresses.length)),
      ),
      lookup: (_hostname, _options, answer) => answer(null, [...addresses]),
      ...(extraAuthorities === undefined ? {} : { ca: [...rootCertificates, ...extraAuthorities] }),
    });

  async function open(target: buildConnector.Options, done: buildConnector.Callback): Promise<void> {
    let addresses: LookupAddress[];
    try {
      addresses = await withinMs(checkedAddresses(target.hostname), connectTimeoutMs);
    } catch (error) {
      done(error as Error, null);
      return;
    }
    connectTo(addresses)(target, done);
  }

  // Whatever fails is told to the callback.
  return (target, done) => void open(target, done);
}

async function withinMs<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new errors.ConnectTimeoutError("the name was not resolved in time")), timeoutMs);
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
