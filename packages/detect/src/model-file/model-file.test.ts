import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import type { StateArray, StateValue } from "../detector/detector.ts";
import { checksumOf } from "./checksum.ts";
import { decodeModelFile } from "./decode.ts";
import { encodeModelFile } from "./encode.ts";
import type { ModelFileContent } from "./format.ts";

const content: ModelFileContent = {
  header: {
    detector: "toy",
    params: { nBins: 10, tolerance: 1e-300, minusZero: -0, word: "über \u{1f600} \ud800" },
    columns: [{ name: "__proto__", constant: false }, { name: "constructor" }, null],
    constructor: "not the function",
  },
  arrays: {
    centers: Float64Array.of(1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324),
    weights: Float32Array.of(0.1, 3),
    left: Int32Array.of(-1, 2147483647),
    right: Uint32Array.of(4294967295),
    bins: Uint16Array.of(65535, 0, 1),
    flags: Uint8Array.of(255),
    none: new Float64Array(0),
  },
};

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The file with its header text replaced and the header's length and checksum made right again. */
function withHeader(bytes: Uint8Array, replace: (text: string) => string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(8, true);
  const header = new TextEncoder().encode(replace(textOf(bytes.subarray(16, 16 + length))));
  const result = new Uint8Array(bytes.length - length + header.length);
  result.set(bytes.subarray(0, 16));
  result.set(header, 16);
  result.set(bytes.subarray(16 + length), 16 + header.length);
  const prefix = new DataView(result.buffer);
  prefix.setUint32(8, header.length, true);
  prefix.setUint32(12, checksumOf(header), true);
  return result;
}

describe("a model file", () => {
  it("gives back the content, every bit of it", () => {
    const decoded = decodeModelFile(encodeModelFile(content));
    expect(decoded.header).toEqual(content.header);
    expect(Object.is((decoded.header["params"] as { minusZero: number }).minusZero, -0)).toBe(true);
    expect(Object.keys(decoded.arrays)).toEqual(Object.keys(content.arrays).sort());
    for (const [name, array] of Object.entries(content.arrays)) expect(bitsOf(decoded.arrays[name]), name).toEqual(bitsOf(array));
  });

  it.each([1, 2, 3])("is read wherever it lies in a buffer of Node's, as here at place %i", (place) => {
    const bytes = encodeModelFile(content);
    const within = Buffer.concat([Buffer.alloc(place), bytes]).subarray(place);
    expect(decodeModelFile(within)).toEqual(decodeModelFile(bytes));
  });

  it("has equal bytes for equal content, whatever the order in which it was put together", () => {
    const { header, arrays } = content;
    const turned = {
      header: Object.fromEntries(Object.entries(header).reverse()),
      arrays: Object.fromEntries(Object.entries(arrays).reverse()),
    };
    expect(encodeModelFile(turned)).toEqual(encodeModelFile(content));
    expect(encodeModelFile(decodeModelFile(encodeModelFile(content)))).toEqual(encodeModelFile(content));
  });

  it("starts with NOMALY and format 1, and its arrays start at multiples of 64", () => {
    const bytes = encodeModelFile(content);
    expect(textOf(bytes.subarray(0, 6))).toBe("NOMALY");
    expect([...bytes.subarray(6, 8)]).toEqual([1, 0]);
    const header = JSON.parse(textOf(bytes.subarray(16, 16 + new DataView(bytes.buffer).getUint32(8, true)))) as {
      arrays: { name: string; offset: number }[];
    };
    expect(header.arrays.map((entry) => entry.offset % 64)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const centers = header.arrays.find((entry) => entry.name === "centers");
    expect(new DataView(bytes.buffer).getFloat64(centers?.offset ?? 0, true)).toBe(1.5);
  });

  it("can be read from any place in a larger buffer, and its arrays do not share the file's memory", () => {
    const bytes = encodeModelFile(content);
    const moved = new Uint8Array(bytes.length + 10).subarray(3, 3 + bytes.length);
    moved.set(bytes);
    const decoded = decodeModelFile(moved);
    moved.fill(0);
    expect(bitsOf(decoded.arrays["centers"])).toEqual(bitsOf(content.arrays["centers"]));
  });

  it("may be empty", () => {
    expect(decodeModelFile(encodeModelFile({ header: {}, arrays: {} }))).toEqual({ header: {}, arrays: {} });
  });

  it("uses XXH32 as published", () => {
    // Test vectors of the reference implementation, seed 0.
    const checksum = (text: string) => checksumOf(new TextEncoder().encode(text)).toString(16);
    expect(checksum("")).toBe("2cc5d05");
    expect(checksum("abc")).toBe("32d153ff");
    expect(checksum("Nobody inspects the spammish repetition")).toBe("e2293b2f");
  });
});

describe("what is not a sound model file is refused in words", () => {
  const bytes = encodeModelFile(content);
  const changed = (at: number, value: number) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  const cases: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(0), /not a model file/],
    ["text", new TextEncoder().encode("a,b\n1,2\n"), /not a model file/],
    ["a prefix of the prefix", bytes.subarray(0, 10), /cut short/],
    ["half a header", bytes.subarray(0, 100), /cut short/],
    ["a missing end", bytes.subarray(0, bytes.length - 1), /cut short/],
    ["more behind the end", new Uint8Array([...bytes, 0]), /1 bytes behind its end/],
    ["a newer format", changed(6, 3), /format 3, written by a newer version/],
    ["format 0", changed(6, 0), /format is 0/],
    ["a huge header", changed(11, 255), /limit is 16777216/],
    ["a changed header", changed(40, 0), /checksum of its header/],
    ["a changed array", changed(bytes.length - 2, 7), /checksum of its array "weights" differs/],
    ["a header that is no JSON", withHeader(bytes, (text) => text.slice(1)), /not JSON/],
    ["a header that is a list", withHeader(bytes, () => "[]"), /no "header" object/],
    ["no array table", withHeader(bytes, () => '{"header":{}}'), /"arrays" list/],
    ["a prototype key", withHeader(bytes, (text) => text.replace('"detector"', '"__proto__"')), /__proto__/],
    ["a number beyond float64", withHeader(bytes, (text) => text.replace("1e-300", "1e+999")), /beyond float64/],
    ["a nested bomb", withHeader(bytes, () => "[".repeat(100_000) + "]".repeat(100_000)), /nested deeper/],
    ["an unknown type", withHeader(bytes, (text) => text.replace('"float64"', '"valueOf"')), /entry 1 .* is not valid/],
    [
      "a type that is an object",
      withHeader(bytes, (text) => text.replace('"float64"', '{"toString":1}')),
      /entry 1 .* is not valid/,
    ],
    ["an unsafe name", withHeader(bytes, (text) => text.replace('"centers"', '"../../x"')), /entry 1 .* is not valid/],
    ["a huge length", withHeader(bytes, (text) => text.replace('"length":5', '"length":1e15')), /not valid|must start|cut short/],
    ["a negative length", withHeader(bytes, (text) => text.replace('"length":5', '"length":-5')), /not valid/],
    ["overlapping arrays", withHeader(bytes, (text) => text.replace(/"offset":\d+/g, '"offset":1024')), /must start at byte/],
    ["a name twice", withHeader(bytes, (text) => text.replace('"centers"', '"bins"')), /twice/],
    ["a further field", withHeader(bytes, (text) => text.replace('"checksum"', '"extra":1,"checksum"')), /entry 0 .* must have/],
  ];

  it.each(cases)("%s", (_name, damaged, words) => {
    expect(expectCode("MODEL_FILE", () => decodeModelFile(damaged)).message).toMatch(words);
  });

  it("too many arrays", () => {
    const table = withHeader(bytes, () => `{"arrays":[${Array(4097).fill("0").join()}],"header":{}}`);
    expect(expectCode("MODEL_FILE", () => decodeModelFile(table)).message).toMatch(/4097 arrays, the limit is 4096/);
  });

  it("invalid UTF-8 in the header", () => {
    const broken = bytes.slice();
    const length = new DataView(broken.buffer).getUint32(8, true);
    broken[20] = 0xff;
    new DataView(broken.buffer).setUint32(12, checksumOf(broken.subarray(16, 16 + length)), true);
    expect(expectCode("MODEL_FILE", () => decodeModelFile(broken)).message).toMatch(/not JSON/);
  });
});

describe("what a file cannot hold is not written", () => {
  it.each<[string, StateValue]>([
    ["NaN", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["undefined", undefined as unknown as StateValue],
    ["a function", (() => 1) as unknown as StateValue],
    ["a typed array", Float64Array.of(1) as unknown as StateValue],
    ["a date", new Date(0) as unknown as StateValue],
    ["a prototype key", JSON.parse('{"__proto__":1}') as StateValue],
  ])("%s in the header", (_name, value) => {
    expect(() => encodeModelFile({ header: { value }, arrays: {} })).toThrow(/internal: content\.header\.value/);
  });

  it("an array with a name that is none", () => {
    expect(() => encodeModelFile({ header: {}, arrays: { "a/b": new Float64Array(1) } })).toThrow(/cannot name an array/);
  });
});

function bitsOf(array: StateArray): [string, number[]] {
  return [array.constructor.name, [...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]];
}
