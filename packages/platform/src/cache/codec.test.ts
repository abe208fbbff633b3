import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeValue, encodeValue } from "./codec.ts";

const limits = { plainBytesMax: 1_000_000 };

async function roundTrip(value: unknown): Promise<unknown> {
  const encoded = await encodeValue(value, limits);
  return encoded === undefined ? "not encoded" : await decodeValue(encoded, limits);
}

describe("the codec", () => {
  it.each([[0], [false], [""], [[]], [{}], [null], [-0.5], ["text"]])("gives %j back as the value it was", async (value) => {
    expect(await roundTrip(value)).toEqual({ value });
  });

  it("gives back that there is nothing", async () => {
    expect(await roundTrip(undefined)).toEqual({ value: undefined });
  });

  it("gives back any JSON and any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json().map((text) => JSON.parse(text) as unknown),
          fc.uint8Array({ maxLength: 3000 }),
        ),
        async (value) => {
          // Zero has a sign in JavaScript that JSON does not write.
          const expected: unknown = value instanceof Uint8Array ? value : JSON.parse(JSON.stringify(value));
          expect(await roundTrip(value)).toEqual({ value: expected });
        },
      ),
      { numRuns: 200 },
    );
  });

  it("compresses above 1000 bytes as they are encoded, not as characters", async () => {
    // 400 characters of three bytes each, and two quotes.
    const long = await encodeValue("\u20ac".repeat(400), limits);
    const short = await encodeValue("x".repeat(998), limits);
    expect([long?.[0], short?.[0]]).toEqual([0x12, 0x11]);
    expect(long?.byteLength).toBeLessThan(100);
    expect(short?.byteLength).toBe(1001);
  });

  it("leaves bytes as they are when compressing would not make them fewer", async () => {
    const value = new Uint8Array(randomBytes(5000));
    const encoded = await encodeValue(value, limits);
    expect([encoded?.[0], encoded?.byteLength]).toEqual([0x13, 5001]);
  });

  it("refuses what is over the limit, before and after it is inflated", async () => {
    expect(await encodeValue("x".repeat(1_000_001), limits)).toBeUndefined();
    const bomb = Buffer.concat([Uint8Array.of(0x12), gzipSync(Buffer.alloc(50_000_000, "1"))]);
    expect(bomb.byteLength).toBeLessThan(100_000);
    expect(await decodeValue(bomb, limits)).toBeUndefined();
  });

  it.each([
    ["no bytes", []],
    ["a version to come", [0x21, 0x30]],
    ["an unknown codec", [0x1f, 0x30]],
    ["no JSON", [0x11, 0x7b]],
    ["no gzip", [0x12, 1, 2, 3]],
    ["something after nothing", [0x15, 0]],
  ])("takes %s as no entry", async (_name, bytes) => {
    expect(await decodeValue(Uint8Array.from(bytes), limits)).toBeUndefined();
  });

  it("takes any bytes without an error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => void (await decodeValue(bytes, limits))),
    );
  });

  it("lets no member named __proto__ reach a prototype", async () => {
    const encoded = Buffer.concat([Uint8Array.of(0x11), Buffer.from('{"__proto__":{"polluted":true}}')]);
    const decoded = await decodeValue(encoded, limits);
    expect(Object.getPrototypeOf(decoded?.value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
