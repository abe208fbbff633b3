import { describe, expect, it } from "vitest";
import { NomalyError } from "../errors.ts";
import type { Random } from "../random.ts";
import { createRandom } from "../random.ts";
import { checksumOf } from "./checksum.ts";
import { decodeModelFile } from "./decode.ts";
import { encodeModelFile } from "./encode.ts";

const sound = encodeModelFile({
  header: {
    detector: "toy",
    params: { nBins: 10, word: "auto" },
    columns: ["a", "b"],
    nested: [[1, [2, { three: 3 }]], null, true],
  },
  arrays: {
    centers: Float64Array.from({ length: 20 }, (_, i) => i / 3),
    left: Int32Array.of(1, 2, 3),
    flags: new Uint8Array(70),
  },
});
const other = encodeModelFile({
  header: { detector: "other" },
  arrays: { centers: Float64Array.of(9), counts: Uint32Array.of(7) },
});
const headerEnd = 16 + new DataView(sound.buffer).getUint32(8, true);

const mutations: Record<string, (random: Random) => Uint8Array> = {
  "flipped bits": (random) => flipped(sound, 1 + random.integer(4), 0, sound.length, random),
  truncation: (random) => sound.slice(0, random.integer(sound.length)),
  "a spliced middle": (random) => {
    const [at, from] = [random.integer(sound.length), random.integer(other.length)];
    return joined(sound.subarray(0, at), other.subarray(from), sound.subarray(random.integer(sound.length)));
  },
  "random bytes behind the prefix": (random) => {
    const noise = Uint8Array.from({ length: random.integer(400) }, () => random.integer(256));
    return joined(sound.subarray(0, 6 + random.integer(11)), noise);
  },
  // These damages pass the checksum, as a file made on purpose does.
  "flipped header bits under a right checksum": (random) =>
    resealed(flipped(sound, 1 + random.integer(3), 16, headerEnd, random)),
  "exchanged header pieces under a right checksum": (random) => {
    const copy = sound.slice();
    const length = 1 + random.integer(24);
    const [from, to] = [16 + random.integer(headerEnd - 16 - length), 16 + random.integer(headerEnd - 16 - length)];
    copy.copyWithin(to, from, from + length);
    return resealed(copy);
  },
  "changed digits under a right checksum": (random) => {
    const copy = sound.slice();
    for (let at = 16; at < headerEnd; at++) {
      const isDigit = copy[at] >= 48 && copy[at] <= 57;
      if (isDigit && random.integer(12) === 0) copy[at] = 48 + random.integer(10);
    }
    return resealed(copy);
  },
};

describe("a mutated model file is refused with a code, or is the same content", () => {
  it.each(Object.entries(mutations))("%s, 3,000 times", (name, mutate) => {
    const random = createRandom(20_261_124);
    for (let i = 0; i < 3000; i++) {
      const bytes = mutate(random);
      const outcome = outcomeOf(bytes);
      if (!(outcome === "refused" || (outcome === "canonical" && bytes.length <= 2 * sound.length))) {
        expect.fail(`${name}, mutation ${i}: ${outcome}`);
      }
    }
  });
});

/** Whatever is accepted must be a file that the writer could have written, byte for byte, but for the spelling of its JSON. */
function outcomeOf(bytes: Uint8Array): string {
  try {
    const content = decodeModelFile(bytes);
    const again = decodeModelFile(encodeModelFile(content));
    expect(again).toEqual(content);
    const arrayBytes = Object.values(content.arrays).reduce((sum, array) => sum + array.byteLength, 0);
    return arrayBytes <= bytes.length ? "canonical" : `${arrayBytes} bytes of arrays from a file of ${bytes.length}`;
  } catch (error) {
    return error instanceof NomalyError && error.code === "MODEL_FILE" ? "refused" : `threw ${String(error)}`;
  }
}

function flipped(bytes: Uint8Array, count: number, start: number, end: number, random: Random): Uint8Array {
  const copy = bytes.slice();
  for (let i = 0; i < count; i++) copy[start + random.integer(end - start)] ^= 1 << random.integer(8);
  return copy;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

function resealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(12, checksumOf(copy.subarray(16, headerEnd)), true);
  return copy;
}
