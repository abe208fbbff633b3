import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { zstdCompressSync } from "node:zlib";
import {
  CompressionType,
  compressionRegistry,
  Float64,
  makeData,
  RecordBatch,
  Table,
  tableFromIPC,
  tableToIPC,
} from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkArrowBody } from "./arrow-check.ts";
import { unpackArrowBody, unpackArrowFile } from "./arrow-unpack.ts";

const fixtures = resolve(import.meta.dirname, "../../../../../fixtures/arrow");
const limits = { rowCountMax: 1e6, columnCountMax: 1e4, valueCountMax: 1e8, expandedTextBytesMax: 1e9 };
const unpackedBytesMax = 1e8;
const { signal } = new AbortController();
const fixture = (name: string) => readFileSync(join(fixtures, name));

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-unpack-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function unpackedFile(name: string, bytes: Uint8Array, given?: number): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return unpackArrowFile({ path, name, unpackedBytesMax: given, unpackedPath: join(folder, `unpacked-${name}`) }, signal);
}

const packedNames = ["lz4-file.arrow", "lz4-stream.arrow", "zstd-file.arrow", "zstd-stream.arrow"];
/** The table that pyarrow was told to compress, written without. */
const plainRows = () => tableFromIPC(fixture("version-4-stream.arrow")).toArray().map(String);

describe("compressed buffers become the buffers that the writer compressed", () => {
  it.each(packedNames)("%s", async (name) => {
    const body = await unpackArrowBody(fixture(name), unpackedBytesMax, signal);
    const file = readFileSync(await unpackedFile(name, fixture(name)));
    expect(Buffer.compare(body, file)).toBe(0);
    expect(checkArrowBody(body, limits)).toMatchObject({ rowCount: 20, columnCount: 4 });
    expect(tableFromIPC(body).toArray().map(String)).toEqual(plainRows());
  });

  it("what is not compressed stays where it is", async () => {
    const bytes = fixture("usable-file.arrow");
    expect(await unpackArrowBody(bytes, unpackedBytesMax, signal)).toBe(bytes);
    expect(await unpackedFile("plain.arrow", bytes)).toBe(join(folder, "plain.arrow"));
    expect(readdirSync(folder)).not.toContain("unpacked-plain.arrow");
  });
});

const lz4Magic = Buffer.from(Uint32Array.of(0x184d2204).buffer);
const zstdMagic = Buffer.from(Uint32Array.of(0xfd2fb528).buffer);

/** Where the compressed values of column f64 begin: their size once unpacked, 20 numbers, before a frame. */
function placeOfNumbers(bytes: Buffer): number {
  const size = Buffer.from(BigInt64Array.of(160n).buffer);
  const at = [lz4Magic, zstdMagic].map((magic) => bytes.indexOf(Buffer.concat([size, magic]))).find((found) => found >= 0);
  expect(at).toBeDefined();
  return at ?? 0;
}

/** The bytes where column f64 says that it becomes so many bytes. */
function claiming(bytes: Buffer, claimedBytes: bigint): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeBigInt64LE(claimedBytes, placeOfNumbers(bytes));
  return changed;
}

/** A stream of one column of zeros whose frame becomes as many bytes as given, where the column has others. */
function zerosPackedAs(columnBytes: number, frameBytes: number): Uint8Array {
  const frame = zstdCompressSync(Buffer.alloc(frameBytes));
  compressionRegistry.set(CompressionType.ZSTD, { encode: () => frame });
  const zeros = makeData({ type: new Float64(), data: new Float64Array(columnBytes / 8) });
  const stream = Buffer.from(tableToIPC(new Table(new RecordBatch({ n: zeros })), "stream", CompressionType.ZSTD));
  // The Arrow library writes the size of the frame, where the size of what it becomes belongs.
  stream.writeBigInt64LE(BigInt(columnBytes), stream.indexOf(zstdMagic) - 8);
  return stream;
}

describe("what a buffer says of its size is held against it", () => {
  it.each([
    ["lz4-file.arrow", 161n, /the values of column "f64", which should become 161 bytes: its LZ4 frame becomes 160 bytes/],
    ["lz4-file.arrow", 159n, /should become 159 bytes: its LZ4 frame becomes more bytes than it says/],
    ["zstd-file.arrow", 161n, /should become 161 bytes: its ZSTD frame says that it becomes 160 bytes|becomes 160 bytes/],
    ["zstd-file.arrow", 159n, /should become 159 bytes: its ZSTD frame becomes more bytes than it says/],
    ["zstd-stream.arrow", -2n, /record batch 0, the values of column "f64" says that it becomes -2 bytes/],
    ["lz4-stream.arrow", 50_000_000n, /an LZ4 frame of \d+ bytes cannot become so many/],
  ])("%s with %s", async (name, claimedBytes, says) => {
    const unpacked = unpackArrowBody(claiming(fixture(name), claimedBytes), unpackedBytesMax, signal);
    await expect(unpacked).rejects.toMatchObject({ code: "REQUEST", message: expect.stringMatching(says) as unknown });
  });

  it.each(["lz4-file.arrow", "zstd-stream.arrow"])(
    "ten gigabytes in %s are refused before anything is unpacked",
    async (name) => {
      const bytes = claiming(fixture(name), 10_000_000_000n);
      const says = { code: "TOO_LARGE", received: expect.stringMatching(/^10000000\d{3}$/) as unknown };
      await expect(unpackArrowBody(bytes, 2 ** 28, signal)).rejects.toMatchObject({
        ...says,
        expected: "at most 268435456 bytes once it is unpacked",
      });
      await expect(unpackedFile(`huge-${name}`, bytes)).rejects.toMatchObject({
        ...says,
        expected: "at most 1073741824 bytes once it is unpacked",
      });
      expect(readdirSync(folder)).not.toContain(`unpacked-huge-${name}`);
    },
  );

  it("a frame that becomes more than its buffer says is not unpacked to its end", async () => {
    const honest = await unpackArrowBody(zerosPackedAs(160_000, 160_000), unpackedBytesMax, signal);
    expect(checkArrowBody(honest, limits).rowCount).toBe(20_000);
    const lying = unpackArrowBody(zerosPackedAs(160_000, 100_000_000), unpackedBytesMax, signal);
    await expect(lying).rejects.toMatchObject({
      message: expect.stringMatching(/column "n".*more bytes than it says/) as unknown,
    });
  });

  it("is taken up to the limit, and not one byte more", async () => {
    const bytes = fixture("lz4-stream.arrow");
    const sizes = [3, 80, 160, 3, 84, 320, 3, 80, 12, 10];
    const sum = sizes.reduce((sum, size) => sum + size, 0);
    expect(sum).toBe(755);
    await unpackArrowBody(bytes, sum, signal);
    await expect(unpackArrowBody(bytes, sum - 1, signal)).rejects.toMatchObject({ code: "TOO_LARGE", field: "body" });
  });
});

describe("changed bytes are refused with a code, or become bytes that the check judges", () => {
  it.each(packedNames)("wherever in %s they are", { timeout: 120_000 }, async (name) => {
    const bytes = fixture(name);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= [0x01, 0x80, 0xff, 0x10][at % 4];
      try {
        checkArrowBody(await unpackArrowBody(damaged, 1e7, signal), { ...limits, rowCountMax: 1000, valueCountMax: 1e5 });
      } catch (error) {
        expect(error).toMatchObject({ name: "NomalyError" });
      }
    }
  });

  it("wherever the file ends", async () => {
    const bytes = fixture("lz4-stream.arrow");
    for (let end = 0; end < bytes.length; end += 3) {
      try {
        checkArrowBody(await unpackArrowBody(bytes.subarray(0, end), 1e7, signal), limits);
      } catch (error) {
        expect(error).toMatchObject({ name: "NomalyError", code: "REQUEST" });
      }
    }
  });
});

it("stops when its caller does", async () => {
  const batch = new RecordBatch({ n: makeData({ type: new Float64(), data: new Float64Array(8) }) });
  const bytes = tableToIPC(new Table(Array.from({ length: 20 }, () => batch)), "stream");
  await expect(unpackArrowBody(bytes, 1e6, AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
});
