/** Recognises archives and other files by their first bytes, where a table is expected, and says what to do with them. */

import { NomalyError } from "@nomaly/detect";

interface Foreign {
  /** First bytes, one letter each. */
  readonly magic: string;
  readonly at?: number;
  readonly is: string;
  readonly remedy: string;
}

const unpack = "unpack it, and give the table in it";
const convert = "write the table as Parquet, Arrow, CSV or JSON";

const foreigners: readonly Foreign[] = [
  { magic: "PK\u0005\u0006", is: "a zip archive with nothing in it", remedy: "give a file with a table" },
  { magic: "ustar", at: 257, is: "a tar archive", remedy: unpack },
  { magic: "7z\u00bc\u00af\u0027\u001c", is: "a 7z archive", remedy: unpack },
  { magic: "Rar!\u001a\u0007", is: "a rar archive", remedy: unpack },
  { magic: "BZh", is: "compressed with bzip2, which is not read", remedy: "unpack it, or compress it with gzip" },
  { magic: "\u00fd7zXZ\u0000", is: "compressed with xz, which is not read", remedy: "unpack it, or compress it with gzip" },
  {
    magic: "\u0028\u00b5\u002f\u00fd",
    is: "compressed with zstd, which is not read",
    remedy: "unpack it, or compress it with gzip",
  },
  {
    magic: "\u0004\u0022\u004d\u0018",
    is: "compressed with lz4, which is not read",
    remedy: "unpack it, or compress it with gzip",
  },
  {
    magic: "FEA1",
    is: "of the first version of Feather, which is not read",
    remedy: "write it anew in version 2, which pandas does",
  },
  { magic: "SQLite format 3\u0000", is: "a SQLite database, which is not read", remedy: convert },
  { magic: "\u0089HDF\r\n", is: "an HDF5 file, which is not read", remedy: convert },
  { magic: "Obj\u0001", is: "an Avro file, which is not read", remedy: convert },
  { magic: "ORC", is: "an ORC file, which is not read", remedy: convert },
  { magic: "\u0093NUMPY", is: "a NumPy file, which is not read", remedy: convert },
];

/**
 * Zip archives with something in them, which may be spreadsheets, are refused by refuseSpreadsheet.
 * @param head the first bytes of the file, once gzip is unpacked.
 * @throws NomalyError FILE_FORMAT
 */
export function refuseForeign(head: Buffer, name: string): void {
  const found = foreigners.find(({ magic, at = 0 }) => head.subarray(at, at + magic.length).toString("latin1") === magic);
  if (found === undefined || isText(found, head)) return;
  throw new NomalyError("FILE_FORMAT", `${name} is ${found.is}; ${found.remedy}`, { field: name });
}

/** A table may begin with letters such as "ORC": it has no zero byte near its beginning, as the others have. */
function isText({ magic }: Foreign, head: Buffer): boolean {
  return /^[\w!]+$/.test(magic) && magic !== "ustar" && !head.includes(0);
}
