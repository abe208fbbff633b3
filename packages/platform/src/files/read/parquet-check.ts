/** Checks both ends of a Parquet file before DuckDB reads it: the magic bytes, and the length of the footer. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { NomalyError } from "@nomaly/detect";

const magic = "PAR1";
/** Magic of files whose footer is encrypted. */
const encryptedMagic = "PARE";
/** After the footer come its length and the magic. */
const tailBytes = 4 + magic.length;
/** DuckDB loads the footer into memory; 10,000 columns in 1,000 row groups would take a gigabyte. */
const footerBytesMax = 256 * 1024 ** 2;

/** @throws NomalyError FILE_FORMAT, TOO_LARGE. */
export function requireParquetEnds(path: string, name: string): void {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const refuse = (finding: string) =>
      new NomalyError("FILE_FORMAT", `${name} is damaged or no Parquet file: ${finding}`, { field: name });
    if (size < magic.length + tailBytes) throw refuse(`it has ${size} bytes only`);
    const [head, tail] = [Buffer.alloc(magic.length), Buffer.alloc(tailBytes)];
    readSync(descriptor, head, 0, magic.length, 0);
    readSync(descriptor, tail, 0, tailBytes, size - tailBytes);
    const [begins, ends] = [head.toString("latin1"), tail.toString("latin1", 4)];
    if (begins === encryptedMagic || ends === encryptedMagic) throw refuse("its footer is encrypted");
    if (begins !== magic) throw refuse(`it does not begin with ${magic}`);
    if (ends !== magic) throw refuse(`it does not end with ${magic}: it is cut off, or was never finished`);
    const footerBytes = tail.readUInt32LE(0);
    if (footerBytes === 0 || footerBytes + tailBytes + magic.length > size) {
      throw refuse(`it says that its footer has ${footerBytes} bytes, in a file of ${size}`);
    }
    if (footerBytes <= footerBytesMax) return;
    throw new NomalyError("TOO_LARGE", `${name} has a footer of ${footerBytes} bytes, at most ${footerBytesMax} are read`, {
      field: name,
      expected: `at most ${footerBytesMax} bytes`,
      received: String(footerBytes),
    });
  } finally {
    closeSync(descriptor);
  }
}
