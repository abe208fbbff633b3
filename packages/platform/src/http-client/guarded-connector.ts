/** Connects to the very addresses that were checked: a name that answers otherwise a moment later leads nowhere else. */

import { rootCertificates } from "node:tls";
import { buildConnector } from "undici";
import { NomalyError } from "@nomaly/detect";
import { checkAddress, literalAddress, type AllowedHost } from "./allowed-hosts.ts";
import type { Lookup } from "./name-cache.ts";

export interface GuardOptions {
  readonly url: URL;
  readonly entry: AllowedHost;
  readonly resolve: Lookup;
  readonly connectTimeoutMs: number;
  /** Certificates of authorities that are trusted besides the usual ones. */
  readonly extraAuthorities?: readonly string[] | undefined;
}

type Options = buildConnector.Options;
type Socket = NonNullable<Parameters<buildConnector.Callback>[1]>;

/** The time before TCP asks whether an idle connection is still there. */
const keepAliveIdleMs = 30_000;

export function guardedConnector({
  url,
  entry,
  resolve,
  connectTimeoutMs,
  extraAuthorities,
}: GuardOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    keepAliveInitialDelay: keepAliveIdleMs,
    ...(extraAuthorities === undefined ? {} : { ca: [...rootCertificates, ...extraAuthorities] }),
  });

  async function connectChecked(options: Options): Promise<Socket> {
    const literal = literalAddress(url);
    const addresses = literal === undefined ? await resolve(url.hostname) : [literal];
    if (addresses.length === 0) throw new NomalyError("OUTGOING", `${url.hostname} has no address`, { field: "url" });
    // All of them before any: a name that leads to one forbidden address is not to be trusted with the others.
    for (const address of addresses) checkAddress(url, address, entry);
    let failure: unknown;
    for (const address of addresses) {
      try {
        return await connectTo(address, options);
      } catch (error) {
        // The next address may answer; when none does, the last failure is told.
        failure = error;
      }
    }
    throw failure;
  }

  function connectTo(address: string, options: Options): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    // The name stays in `host`: the certificate and the Host header are of the name, not of the address.
    connect({ ...options, hostname: address }, (...[error, socket]: Parameters<buildConnector.Callback>) => {
      if (error === null) resolve(socket);
      else reject(error);
    });
    return promise;
  }

  async function answer(options: Options, callback: buildConnector.Callback): Promise<void> {
    let socket: Socket;
    try {
      socket = await connectChecked(options);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    callback(null, socket);
  }

  return (options, callback) => void answer(options, callback);
}
