/** Classifies IP addresses: public, or in a range that requests from outside must not make the service call. */

import { BlockList, isIP } from "node:net";

/**
 * - `linkLocal`: also the addresses at which clouds give credentials to any program of the machine
 * - `unusable`: multicast, broadcast, documentation, tunnels, reserved
 */
export type AddressRange = "public" | "loopback" | "private" | "linkLocal" | "unusable";

const unusable = `
  0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
  2001::/23 2001:db8::/32 2002::/16 3fff::/20`;

const ranges = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linkLocal: ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"],
  unusable: unusable.trim().split(/\s+/),
} as const;

/** The only public addresses of version 6. */
const globalUnicast = blockListOf(["2000::/3"]);
// The order matters: the address of a cloud's credentials may be inside a private range.
const lists = (["loopback", "linkLocal", "private", "unusable"] as const).map((range) => ({
  range,
  list: blockListOf(ranges[range]),
}));

/** @param address as a resolver or a socket gives it; anything else is unusable. */
export function addressRange(address: string): AddressRange {
  const version = isIP(address);
  if (version === 0) return "unusable";
  const embedded = version === 6 ? embeddedAddress(address) : undefined;
  if (embedded !== undefined) return addressRange(embedded);
  const family = version === 6 ? "ipv6" : "ipv4";
  const found = lists.find(({ list }) => list.check(address, family));
  if (found !== undefined) return found.range;
  return version === 4 || globalUnicast.check(address, family) ? "public" : "unusable";
}

/** The address of version 4 inside a mapped (::ffff:0:0/96) or translated (64:ff9b::/96) address of version 6. */
function embeddedAddress(address: string): string | undefined {
  // The URL parser gives all spellings of an address one form: compressed, lower case, groups of hexadecimal digits.
  const host = address.split("%")[0];
  const canonical = URL.parse(`http://[${host}]/`)?.hostname.slice(1, -1) ?? "";
  const match = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (match === null) return undefined;
  const [high, low] = [Number.parseInt(match[1], 16), Number.parseInt(match[2], 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function blockListOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network, prefix] = subnet.split("/");
    list.addSubnet(network, Number(prefix), isIP(network) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
