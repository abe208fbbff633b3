/** Parses the list of allowed hosts, and refuses URLs and addresses that it does not allow. */

import { isIP } from "node:net";
import { NomalyError } from "@nomaly/detect";
import { addressRange, type AddressRange } from "./address-ranges.ts";

export interface AllowedHost {
  /** As a URL writes it; `*.` at the beginning stands for every name below. */
  readonly host: string;
  /** Undefined allows every port. */
  readonly port?: number | undefined;
  /** The host may have loopback and private addresses. */
  readonly isPrivate?: boolean;
  /** The host may have link-local addresses, at which clouds give credentials. */
  readonly isLinkLocal?: boolean;
  /** The host may be called without TLS, at loopback and private addresses only. */
  readonly isPlain?: boolean;
}

const marks = { private: "isPrivate", "link-local": "isLinkLocal", http: "isPlain" } as const;

/** @param text `host[:port]` and marks: `keys.example.com`, `*.s3.example.com`, `127.0.0.1:9000+private+http`. */
export function parseAllowedHost(text: string): AllowedHost {
  const [address, ...words] = text.trim().split("+");
  const url = URL.parse(`https://${address.replace(/^\*\./, "")}`);
  const isHost = url !== null && url.href === `https://${url.host}/` && !/[/@]/.test(address) && !url.host.includes("*");
  const unknown = words.find((word) => !(word in marks));
  if (!isHost || unknown !== undefined) {
    throw new NomalyError("CONFIG", `"${text}" is no allowed host`, {
      field: "allowed_hosts",
      expected: `host[:port] and any of +${Object.keys(marks).join(", +")}`,
      received: text,
    });
  }
  const port = /:(\d+)$/.exec(address)?.[1];
  const flags = Object.fromEntries(words.map((word) => [marks[word as keyof typeof marks], true]));
  return {
    host: (address.startsWith("*.") ? "*." : "") + url.hostname,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...flags,
  };
}

/**
 * Gives the entry that allows the URL. The connector still has to check the addresses of its host.
 * @throws NomalyError OUTGOING
 */
export function checkUrl(url: URL, allowedHosts: readonly AllowedHost[]): AllowedHost {
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refusal(url, `the scheme ${url.protocol} is not allowed`, "https");
  if (url.username !== "" || url.password !== "") throw refusal(url, "a URL must not carry credentials");
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const entries = allowedHosts.filter((entry) => isSameHost(entry, url.hostname) && (entry.port ?? port) === port);
  if (entries.length === 0)
    throw refusal(url, "the host is not among those of the setting http_allowed_hosts", "a host of http_allowed_hosts");
  const entry = mergedEntry(entries);
  if (url.protocol === "http:" && entry.isPlain !== true)
    throw refusal(url, "it is not https, and the host is not listed with +http", "https");
  // The connector resolves and checks names; an address in the URL is checked here.
  const literal = literalAddress(url);
  if (literal !== undefined) checkAddress(url, literal, entry);
  return entry;
}

/** A host may be listed twice, by its name and under a star: then all marks of both entries apply. */
function mergedEntry(entries: readonly AllowedHost[]): AllowedHost {
  const [{ host }] = entries;
  const isAny = (flag: "isPrivate" | "isLinkLocal" | "isPlain") => entries.some((entry) => entry[flag] === true);
  return { host, isPrivate: isAny("isPrivate"), isLinkLocal: isAny("isLinkLocal"), isPlain: isAny("isPlain") };
}

/** @throws NomalyError OUTGOING */
export function checkAddress(url: URL, address: string, entry: AllowedHost): void {
  const range = addressRange(address);
  if (!isRangeAllowed(range, entry)) throw refusal(url, `its address ${address} is ${wordsOf[range]}`);
  if (url.protocol === "http:" && range !== "loopback" && range !== "private") {
    throw refusal(url, `its address ${address} is ${wordsOf[range]}, and it is not https`, "https");
  }
}

const wordsOf: Readonly<Record<AddressRange, string>> = {
  public: "public",
  loopback: "on this machine",
  private: "in a private network",
  linkLocal: "link-local",
  unusable: "no address of a server",
};

function isRangeAllowed(range: AddressRange, { isPrivate = false, isLinkLocal = false }: AllowedHost): boolean {
  switch (range) {
    case "public":
      return true;
    case "loopback":
    case "private":
      return isPrivate;
    case "linkLocal":
      return isLinkLocal;
    case "unusable":
      return false;
  }
}

/** The address, where the URL has one instead of a name. */
function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) === 0 ? undefined : host;
}

function isSameHost({ host }: AllowedHost, hostname: string): boolean {
  // A name with a dot at the end is the same name.
  const name = hostname.replace(/\.$/, "");
  return host.startsWith("*.") ? name.endsWith(host.slice(1)) : name === host;
}

function refusal(url: URL, why: string, expected?: string): NomalyError {
  // The message leaves out path and query, which may hold secrets.
  const place = `${url.protocol}//${url.host}`;
  return new NomalyError("OUTGOING", `a call to ${place} is refused: ${why}`, {
    field: "url",
    received: place,
    ...(expected === undefined ? {} : { expected }),
  });
}
