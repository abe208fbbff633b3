/** The server under test: its address, and whether it may be loaded. */

import { lookup } from "node:dns/promises";
import type { LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { NomalyError } from "@nomaly/detect";
import { addressRange } from "../http-client/address-ranges.ts";
import type { Endpoint } from "./http/connection.ts";

export interface Target {
  readonly endpoint: Endpoint;
  /** The URL, without credentials, for reports. */
  readonly url: string;
  /** A request as the letters that are sent. @param body ASCII, such as JSON with escapes. */
  request(method: string, path: string, body?: string): string;
}

export interface TargetOptions {
  readonly url: string;
  readonly apiKey: string | undefined;
  /** The caller says that the server is theirs, so that other addresses than those of this machine may be loaded. */
  readonly isOwned: boolean;
}

const keyLengthMax = 4096;

/**
 * Resolves the name once, so that looking it up is no part of what is measured, and the address that was checked is the one that is loaded.
 * @throws NomalyError USAGE for a URL or key that cannot be used and for a foreign address, OUTGOING for a name without an address.
 */
export async function findTarget({ url: given, apiKey, isOwned }: TargetOptions): Promise<Target> {
  const url = parsedUrl(given);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = await addressesOf(host);
  const foreign = addresses.find(({ address }) => addressRange(address) !== "loopback");
  if (foreign !== undefined && !isOwned) {
    const message =
      `--url must be an address of this machine (loopback), got ${url.host} (${foreign.address}): ` +
      "a load test of another's server is an attack; --i-own-this-target allows it";
    throw usage("url", message, url.host);
  }
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const base = url.pathname.replace(/\/+$/, "");
  const headers = `host: ${url.host}\r\nuser-agent: nomaly-loadtest\r\naccept: application/json\r\n${keyHeader(apiKey)}`;
  return {
    endpoint: { host, port, isTls, lookup: fixedLookup(addresses) },
    url: url.origin + base,
    request(method, path, body) {
      const start = `${method} ${base}${path} HTTP/1.1\r\n${headers}`;
      if (body === undefined) return `${start}\r\n`;
      return `${start}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    },
  };
}

function parsedUrl(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    // An address with an @ may hold a password.
    const got = given.includes("@") ? "" : `, got "${given}"`;
    throw usage("url", `--url must be an address such as http://127.0.0.1:8080${got}`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw usage("url", "--url must have no user, password, query or fragment; a key goes into --api-key or NOMALY_API_KEY");
  }
  return url;
}

function keyHeader(apiKey: string | undefined): string {
  if (apiKey === undefined) return "";
  // The message does not show the key.
  if (!/^[\x21-\x7e]+$/.test(apiKey) || apiKey.length > keyLengthMax) {
    throw usage("api-key", `--api-key must be 1 to ${keyLengthMax} printable ASCII letters without spaces`);
  }
  return `x-api-key: ${apiKey}\r\n`;
}

async function addressesOf(host: string): Promise<LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    return await lookup(host, { all: true });
  } catch (cause) {
    throw new NomalyError("OUTGOING", `--url has a name without an address: ${host}`, { field: "url", received: host, cause });
  }
}

function fixedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_name, { all }, done) => {
    if (all === true) return done(null, [...addresses]);
    done(null, addresses[0].address, addresses[0].family);
  };
}

function usage(field: string, message: string, received?: string): NomalyError {
  return new NomalyError("USAGE", message, { field, ...(received === undefined ? {} : { received }) });
}
