import { describe, expect, it } from "vitest";
import { addressRange } from "./address-ranges.ts";
import { checkAddress, checkUrl, parseAllowedHost } from "./allowed-hosts.ts";

describe("the range of an address", () => {
  it.each([
    [
      "public",
      "8.8.8.8 1.1.1.1 172.15.255.255 172.32.0.0 100.63.0.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808",
    ],
    ["loopback", "127.0.0.1 127.255.255.254 ::1 0:0:0:0:0:0:0:1 ::ffff:127.0.0.1 ::ffff:7f00:1 64:ff9b::7f00:1"],
    ["private", "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 fd12::1 fc00::1 ::ffff:10.0.0.1 ::FFFF:C0A8:0101"],
    ["linkLocal", "169.254.169.254 169.254.0.1 fe80::1 fe80::1%eth0 fd00:ec2::254 100.100.100.200 ::ffff:169.254.169.254"],
    [
      "unusable",
      "0.0.0.0 255.255.255.255 224.0.0.1 240.0.0.1 192.0.2.1 198.18.0.1 :: ff02::1 2001:db8::1 2002:7f00:1:: 2001::1 ::7f00:1",
    ],
    ["unusable", "localhost 1.2.3 4000::1 64:ff9b:1::1"],
  ] as const)("is %s for %s", (range, addresses) => {
    for (const address of addresses.split(" ")) expect([address, addressRange(address)]).toEqual([address, range]);
  });
});

describe("an allowed host", () => {
  it.each([
    ["keys.example.com", { host: "keys.example.com" }],
    ["KEYS.example.com:8443", { host: "keys.example.com", port: 8443 }],
    ["*.s3.example.com", { host: "*.s3.example.com" }],
    ["127.0.0.1:9000+private+http", { host: "127.0.0.1", port: 9000, isPrivate: true, isPlain: true }],
    ["[::1]:443+private", { host: "[::1]", port: 443, isPrivate: true }],
    ["169.254.169.254+link-local", { host: "169.254.169.254", isLinkLocal: true }],
  ])("is read from %s", (text, expected) => {
    expect(parseAllowedHost(text)).toEqual(expected);
  });

  it.each(["", "*", "https://a.example", "a.example/path", "user@a.example", "a.example:99999", "a.example+all", "a b"])(
    "is not read from %j",
    (text) => {
      expect(() => parseAllowedHost(text)).toThrow(expect.objectContaining({ code: "CONFIG", field: "allowed_hosts" }) as Error);
    },
  );
});

const hosts = ["keys.example.com", "*.s3.example.com", "minio.internal:9000+private+http", "10.0.0.5+private"].map(
  parseAllowedHost,
);
const check = (url: string) => checkUrl(new URL(url), hosts);
const refused = expect.objectContaining({ code: "OUTGOING", field: "url" }) as Error;

describe("the guard of URLs", () => {
  it.each([
    "https://keys.example.com/a",
    "https://KEYS.EXAMPLE.COM./a",
    "https://bucket.s3.example.com/",
    "http://minio.internal:9000/",
    "https://10.0.0.5/",
  ])("lets %s pass", (url) => {
    expect(check(url)).toBeDefined();
  });

  it.each([
    ["another host", "https://example.com/"],
    ["a host that ends alike", "https://evilkeys.example.com/"],
    ["a host that begins alike", "https://keys.example.com.evil.org/"],
    ["the domain under a star itself", "https://s3.example.com/"],
    ["a host in the place of a password", "https://keys.example.com@evil.org/"],
    ["credentials", "https://user:secret@keys.example.com/"],
    ["http where it is not listed", "http://keys.example.com/"],
    ["another port", "http://minio.internal:9001/"],
    ["a file", "file:///etc/passwd"],
    ["an address not listed", "https://127.0.0.1/"],
    ["an address as one number", "https://2130706433/"],
    ["an address in octal", "https://0177.0.0.1/"],
    ["an address of version 6", "https://[::ffff:127.0.0.1]/"],
    ["localhost", "https://localhost/"],
  ])("refuses %s", (_name, url) => {
    expect(() => check(url)).toThrow(refused);
  });

  it("keeps path and query, where secrets may be, out of what it says", () => {
    expect(() => check("https://evil.org/token?key=secret")).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("secret") as string }) as Error,
    );
  });

  it.each([
    ["a loopback address", "127.0.0.1"],
    ["a private address", "10.0.0.1"],
    ["the address of a cloud's credentials", "169.254.169.254"],
    ["a mapped address", "::ffff:127.0.0.1"],
  ])("refuses %s of a host that is only listed by name", (_name, address) => {
    const url = new URL("https://keys.example.com/");
    expect(() => checkAddress(url, address, check(url.href))).toThrow(refused);
  });

  it("refuses link-local addresses also of a private host", () => {
    const url = new URL("http://minio.internal:9000/");
    expect(() => checkAddress(url, "169.254.169.254", check(url.href))).toThrow(refused);
    expect(() => checkAddress(url, "10.1.2.3", check(url.href))).not.toThrow();
  });

  it("refuses http to a public address, whatever is listed", () => {
    const url = new URL("http://minio.internal:9000/");
    expect(() => checkAddress(url, "8.8.8.8", check(url.href))).toThrow(refused);
  });
});
