/** Makes files of every format, damaged as disks, networks and attackers damage them. Equal seeds give equal files. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { createRandom, type Random } from "@nomaly/detect";

export interface DamagedFile {
  /** The ending gives the format. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** `damagedFile(originals, seed)` makes this file again. */
  readonly seed: number;
  /** The damage, in words. */
  readonly what: string;
}

export interface OriginalFile {
  readonly name: string;
  readonly bytes: Buffer;
}

const arrowFixtures = resolve(import.meta.dirname, "../../../../fixtures/arrow");
const rowCount = 300;

/** Valid files of some hundred to some ten thousand bytes. */
export async function originalFiles(): Promise<readonly OriginalFile[]> {
  const rows = Array.from({ length: rowCount }, (_, row) => ({
    id: row,
    value: Math.sin(row) * 100,
    word: ["north", "south", 'a "quoted" one', null][row % 4],
    at: `2024-05-0${1 + (row % 9)}T07:08:09`,
    flag: row % 3 === 0,
    list: row % 5 === 0 ? [row, { deep: [null, "x"] }] : [],
  }));
  const csv = rows.map(({ id, value, word, at, flag }) => `${id},${value},"${(word ?? "").replaceAll('"', '""')}",${at},${flag}`);
  const text = { json: JSON.stringify(rows), ndjson: rows.map((row) => JSON.stringify(row)).join("\n") };
  const table = ["id,value,word,at,flag", ...csv].join("\n");
  return [
    { name: "rows.json", bytes: Buffer.from(text.json) },
    { name: "rows.ndjson", bytes: Buffer.from(text.ndjson) },
    { name: "rows.csv", bytes: Buffer.from(table) },
    { name: "rows.tsv", bytes: Buffer.from(table.replaceAll(",", "\t")) },
    { name: "rows.csv.gz", bytes: gzipSync(table) },
    { name: "rows.json.gz", bytes: gzipSync(text.json) },
    ...(await parquetFiles(text.ndjson)),
    ...readdirSync(arrowFixtures).map((name) => ({ name, bytes: readFileSync(join(arrowFixtures, name)) })),
  ];
}

async function parquetFiles(ndjson: string): Promise<OriginalFile[]> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-damaged-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const files: OriginalFile[] = [];
    writeFileSync(join(folder, "rows.ndjson"), ndjson);
    const options = [
      "COMPRESSION zstd",
      "COMPRESSION snappy, ROW_GROUP_SIZE 100",
      "COMPRESSION gzip",
      "COMPRESSION uncompressed, PARQUET_VERSION v2",
    ];
    for (const [index, option] of options.entries()) {
      const path = join(folder, `${index}.parquet`);
      await connection.run(`COPY (SELECT * FROM read_json('${folder}/rows.ndjson')) TO '${path}' (FORMAT parquet, ${option})`);
      files.push({ name: `rows-${index}.parquet`, bytes: readFileSync(path) });
    }
    return files;
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function* damagedFiles(
  originals: readonly OriginalFile[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Generator<DamagedFile> {
  for (let index = 0; index < count; index++) yield damagedFile(originals, seed + index);
}

/** Chooses each format equally often, however many originals it has. */
export function damagedFile(originals: readonly OriginalFile[], seed: number): DamagedFile {
  const random = createRandom(seed);
  const formats = [...new Set(originals.map(({ name }) => formatOf(name)))];
  const format = formats[seed % formats.length];
  const candidates = originals.filter(({ name }) => formatOf(name) === format);
  const original = candidates[random.integer(candidates.length)];
  let { bytes } = original;
  const done: string[] = [];
  for (let count = 1 + random.integer(3); count > 0; count--) {
    const { name, damage } = damages[random.integer(damages.length)];
    if (bytes.length === 0) break;
    bytes = damage(bytes, random);
    done.push(name);
  }
  return { name: original.name, bytes, seed, what: `${done.join(", ")} in ${original.name}` };
}

function formatOf(name: string): string {
  return name.replace(/^[^.]*\./, "");
}

interface Damage {
  readonly name: string;
  readonly damage: (bytes: Buffer, random: Random) => Buffer;
}

/** Lengths and counts that no valid file has. */
const strangeNumbers = [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 0x7f7f7f7f, 65_536, 1_000_000_000];
const inserted = [
  "[",
  "{",
  '{"a":',
  "]",
  "}",
  '"',
  "\\",
  ",",
  "\n",
  "\0",
  "-1e999",
  "\u{1f980}",
  "[".repeat(200),
  '{"a":['.repeat(100),
  "x,".repeat(500),
];
const pieceBytesMax = 4096;

const damages: readonly Damage[] = [
  {
    name: "bits turned",
    damage(bytes, random) {
      const changed = Buffer.from(bytes);
      for (let count = 1 + random.integer(8); count > 0; count--) changed[random.integer(bytes.length)] ^= 1 << random.integer(8);
      return changed;
    },
  },
  { name: "cut off", damage: (bytes, random) => bytes.subarray(0, random.integer(bytes.length + 1)) },
  {
    name: "a length replaced",
    damage(bytes, random) {
      const changed = Buffer.from(bytes);
      const at = Math.max(0, random.integer(bytes.length) - 4) & ~3;
      if (at + 4 <= changed.length) changed.writeInt32LE(strangeNumbers[random.integer(strangeNumbers.length)], at);
      return changed;
    },
  },
  {
    name: "a long length replaced",
    damage(bytes, random) {
      const changed = Buffer.from(bytes);
      const at = Math.max(0, random.integer(bytes.length) - 8) & ~7;
      const number = BigInt(strangeNumbers[random.integer(strangeNumbers.length)]) * (random.integer(2) === 0 ? 1n : 1_000_003n);
      if (at + 8 <= changed.length) changed.writeBigInt64LE(BigInt.asIntN(64, number), at);
      return changed;
    },
  },
  {
    name: "a length at the end replaced",
    damage(bytes, random) {
      const changed = Buffer.from(bytes);
      const at = changed.length - 12 + random.integer(5);
      if (at >= 0) changed.writeInt32LE(strangeNumbers[random.integer(strangeNumbers.length)], at);
      return changed;
    },
  },
  {
    name: "a piece doubled",
    damage(bytes, random) {
      const { start, end } = pieceOf(bytes, random);
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
    },
  },
  {
    name: "a piece removed",
    damage(bytes, random) {
      const { start, end } = pieceOf(bytes, random);
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    },
  },
  {
    name: "two pieces exchanged",
    damage(bytes, random) {
      const changed = Buffer.from(bytes);
      const { start, end } = pieceOf(bytes, random);
      const other = random.integer(Math.max(1, bytes.length - (end - start)));
      const kept = Buffer.from(changed.subarray(start, end));
      changed.copy(changed, start, other, other + kept.length);
      kept.copy(changed, other);
      return changed;
    },
  },
  {
    name: "text inserted",
    damage(bytes, random) {
      const at = random.integer(bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted[random.integer(inserted.length)]), bytes.subarray(at)]);
    },
  },
  {
    name: "a piece of zeros",
    damage(bytes, random) {
      const { start, end } = pieceOf(bytes, random);
      return Buffer.from(bytes).fill(0, start, end);
    },
  },
  { name: "compressed", damage: (bytes) => gzipSync(bytes) },
];

function pieceOf(bytes: Buffer, random: Random): { readonly start: number; readonly end: number } {
  const start = random.integer(bytes.length);
  return { start, end: Math.min(bytes.length, start + 1 + random.integer(pieceBytesMax)) };
}
