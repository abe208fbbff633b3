import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeLz4Frame } from "./lz4-frame.ts";
import { xxHash32 } from "./xxhash32.ts";

const fixture = resolve(import.meta.dirname, "../../../../../fixtures/lz4.json");
const frames = JSON.parse(readFileSync(fixture, "utf8")) as Readonly<Record<string, { sizeBytes: number; frame: string }>>;
const frameOf = (name: string) => Buffer.from(frames[name].frame, "base64");

/** What the fixture's script compressed. */
const text = Array.from({ length: 20_000 }, (_, row) => `row ${row % 500} `).join("");
const contents: Readonly<Record<string, Buffer>> = {
  "one long run": Buffer.alloc(1_000_000),
  "a stored block": Buffer.from(Array.from({ length: 300 }, (_, row) => (row * row * 31 + row * 7) % 251)),
};

function decoded(frame: Uint8Array, sizeBytes: number): Uint8Array {
  const decoding = decodeLz4Frame(frame, sizeBytes);
  for (;;) {
    const next = decoding.next();
    if (next.done === true) return next.value;
  }
}

describe("frames of the reference library become what it compressed", () => {
  it.each(Object.keys(frames))("with %s", (name) => {
    const content = contents[name] ?? Buffer.from(text);
    expect(Buffer.compare(decoded(frameOf(name), content.length), content)).toBe(0);
  });
});

describe("a frame is refused", () => {
  const linked = frameOf("linked blocks");
  const checked = frameOf("a stored block");
  const changed = (bytes: Buffer, at: number) => Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 0x10 : byte)));
  it.each([
    ["that is none", Buffer.from("a,b\n1,2\n"), 4, /does not begin as an LZ4 frame/],
    ["whose header is damaged", changed(linked, 14), text.length, /another checksum than its bytes/],
    ["whose block is damaged", changed(checked, 30), 300, /another checksum than its bytes/],
    ["whose content's checksum is damaged", changed(checked, checked.length - 1), 300, /another checksum than its bytes/],
    ["that is cut off", linked.subarray(0, linked.length - 2), text.length, /cut off/],
    ["with bytes behind it", Buffer.concat([linked, Buffer.from("x")]), text.length, /1 bytes follow on its LZ4 frame/],
    ["that says another size", linked, text.length + 1, /says that it becomes \d+ bytes/],
    ["that becomes fewer bytes", frameOf("no size of the content"), text.length + 1, /becomes \d+ bytes instead of/],
    ["that becomes more bytes", frameOf("no size of the content"), text.length - 1, /more bytes than it says/],
    ["that cannot become so many", frameOf("no size of the content"), 10 ** 10, /cannot become so many/],
  ])("%s", (_, frame, sizeBytes, says) => {
    expect(() => decoded(frame, sizeBytes)).toThrow(says);
  });

  /** A frame without checksums, of one block with these bytes. */
  const framed = (...block: number[]) => {
    const size = Buffer.from(Uint32Array.of(block.length).buffer);
    return Buffer.concat([Buffer.from([4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]), size, Buffer.from(block), Buffer.alloc(4)]);
  };
  it.each([
    ["repeats bytes before its start", framed(0x10, 65, 2, 0, 0x10, 66), /before its start/],
    ["repeats bytes from nowhere", framed(0x10, 65, 0, 0, 0x10, 66), /before its start/],
    ["has fewer bytes than it says", framed(0x50, 65, 65), /points outside/],
    ["ends within a match", framed(0x10, 65, 1), /is cut off/],
    ["ends with a match", framed(0x10, 65, 1, 0), /does not end with bytes of its own/],
    ["is empty", framed(0x00), /is empty/],
  ])("whose block %s", (_, frame, says) => {
    expect(() => decoded(frame, 6)).toThrow(says);
  });

  it("but not one whose block repeats from its first byte", () => {
    expect(Buffer.from(decoded(framed(0x10, 65, 1, 0, 0x10, 66), 6)).toString()).toBe("AAAAAB");
  });
});

it.each([
  ["", 0x02cc5d05],
  ["a", 0x550d7456],
  ["abc", 0x32d153ff],
  ["Nobody inspects the spammish repetition", 0xe2293b2f],
])("the checksum of %j is that of the reference", (content, checksum) => {
  expect(xxHash32(Buffer.from(content))).toBe(checksum);
});
