/** Determines a file's format: from its name, or else from its first bytes. */

import { closeSync, openSync, readSync } from "node:fs";
import { nearestName, NomalyError } from "@nomaly/detect";

export const fileFormats = ["csv", "tsv", "json", "ndjson", "parquet", "arrow"] as const;
export type FileFormat = (typeof fileFormats)[number];

export interface FormatAndCompression {
  readonly format: FileFormat;
  readonly gzip: boolean;
}

const formatOfExtension: Readonly<Record<string, FileFormat>> = {
  csv: "csv",
  txt: "csv",
  tsv: "tsv",
  tab: "tsv",
  json: "json",
  ndjson: "ndjson",
  jsonl: "ndjson",
  parquet: "parquet",
  pq: "parquet",
  arrow: "arrow",
  arrows: "arrow",
  feather: "arrow",
  ipc: "arrow",
};

const headSizeBytes = 256 * 1024;

/** The first bytes of a file. */
export function readHead(path: string): Buffer {
  const descriptor = openSync(path, "r");
  const head = Buffer.alloc(headSizeBytes);
  const count = readSync(descriptor, head, 0, headSizeBytes, 0);
  closeSync(descriptor);
  return head.subarray(0, count);
}

/** @throws NomalyError USAGE for a name that is no format. */
export function parseFormat(name: string): FileFormat {
  const lower = name.toLowerCase();
  const known = formatOfExtension[lower] ?? fileFormats.find((format) => format === lower);
  if (known !== undefined) return known;
  const nearest = nearestName(name, fileFormats);
  const hint = nearest === undefined ? `known: ${fileFormats.join(", ")}` : `did you mean "${nearest}"?`;
  throw new NomalyError("USAGE", `there is no file format "${name}"; ${hint}`, { field: "format", received: name });
}

/** `Data.CSV.gz` is csv and gzip; the format is undefined for an unknown extension. */
export function formatOfName(path: string): { readonly format: FileFormat | undefined; readonly gzip: boolean } {
  const parts = path.toLowerCase().split(/[./\\]/);
  const gzip = parts.at(-1) === "gz" || parts.at(-1) === "gzip";
  const extension = parts.at(gzip ? -2 : -1) ?? "";
  return { format: Object.hasOwn(formatOfExtension, extension) ? formatOfExtension[extension] : undefined, gzip };
}

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** The UTF-8 byte order mark that some programs put before their texts. */
export const byteOrderMark: Uint8Array = Buffer.from("\ufeff");

export function hasByteOrderMark(head: Uint8Array): boolean {
  return byteOrderMark.every((byte, index) => head[index] === byte);
}

/** The error for gzip within gzip, where each layer may multiply the bytes by a thousand. */
export function compressedTwice(name: string, field = name): NomalyError {
  const message = `${name} is compressed twice; unpack it once`;
  return new NomalyError("FILE_FORMAT", message, { field, expected: "gzip once", received: "gzip within gzip" });
}

/** Detects the format from the first bytes; text that is not JSON counts as CSV. */
export function formatOfHead(head: Uint8Array): FileFormat {
  if (startsWith(head, "PAR1")) return "parquet";
  // A stream of Arrow messages starts with the continuation marker.
  if (startsWith(head, "ARROW1") || (head[0] === 0xff && head[1] === 0xff && head[2] === 0xff && head[3] === 0xff))
    return "arrow";
  const text = new TextDecoder().decode(head.subarray(0, 4096)).trimStart();
  if (text.startsWith("[")) return "json";
  if (text.startsWith("{")) return "ndjson";
  return "csv";
}

function startsWith(head: Uint8Array, magic: string): boolean {
  return Buffer.from(head.subarray(0, magic.length)).toString("latin1") === magic;
}
