/** The file form of Arrow: the magic at both ends, and the footer with the schema and the places of the messages. */

import type { ArrowBytes } from "./arrow-bytes.ts";
import type { FlatTable } from "./arrow-flatbuffer.ts";
import { ArrowDamage, metadataBudget, rootTable } from "./arrow-flatbuffer.ts";
import type { ArrowMessage, ArrowMessageKind } from "./arrow-messages.ts";
import { readMessage } from "./arrow-messages.ts";
import type { ArrowSchema } from "./arrow-schema.ts";
import { readArrowSchema, readPairs } from "./arrow-schema.ts";

const magic = "ARROW1";
/** The magic and two bytes that fill up. */
const headBytes = 8;
/** Behind the footer: its length, and the magic. */
const tailBytes = 4 + magic.length;
const footerBytesMax = 256 * 1024 ** 2;
const blockBytes = 24;

export interface ArrowFooter {
  readonly schema: ArrowSchema;
  /** As the footer names them: dictionaries first. */
  readonly messages: Iterable<ArrowMessage>;
}

/** @returns undefined where the bytes do not begin as a file does. @throws ArrowDamage */
export function readFooter(bytes: ArrowBytes): ArrowFooter | undefined {
  const { sizeBytes } = bytes;
  if (sizeBytes < magic.length || textAt(bytes, 0) !== magic) return undefined;
  if (sizeBytes < headBytes + tailBytes || textAt(bytes, sizeBytes - magic.length) !== magic) {
    throw new ArrowDamage(`it does not end with ${magic}: it is cut off, or was never finished`);
  }
  const lengthAt = sizeBytes - tailBytes;
  const four = bytes.read(lengthAt, 4);
  const footerBytes = new DataView(four.buffer, four.byteOffset, 4).getInt32(0, true);
  if (footerBytes <= 0 || footerBytes > footerBytesMax || headBytes + footerBytes > lengthAt) {
    throw new ArrowDamage(`it says that its footer has ${footerBytes} bytes`);
  }
  const footer = rootTable(new Uint8Array(bytes.read(lengthAt - footerBytes, footerBytes)), "the footer");
  const version = footer.int16(0, 0);
  if (version !== 3 && version !== 4)
    throw new ArrowDamage(`its footer is of version ${version + 1} of the format; 4 and 5 are read`);
  const table = footer.table(1, "the footer");
  if (table === undefined) throw new ArrowDamage("its footer has no schema");
  const budget = metadataBudget();
  const schema = readArrowSchema(table, budget);
  readPairs(footer, 4, "the footer", { budget, pairCount: 0 });
  // A schema stands where the file begins as well; there are writers whose own is no message, and readers take this one.
  return { schema, messages: messagesOf(bytes, footer, lengthAt - footerBytes) };
}

function textAt(bytes: ArrowBytes, position: number): string {
  return Buffer.from(bytes.read(position, magic.length)).toString("latin1");
}

/** Messages may stand anywhere; together they are no larger than the file, or a few would be read many times. */
function* messagesOf(bytes: ArrowBytes, footer: FlatTable, footerStart: number): Generator<ArrowMessage> {
  const left = { bytes: footerStart };
  yield* blocksOf(bytes, { footer, slot: 2, kind: "dictionary batch", left });
  yield* blocksOf(bytes, { footer, slot: 3, kind: "record batch", left });
}

interface Blocks {
  readonly footer: FlatTable;
  readonly slot: number;
  readonly kind: ArrowMessageKind;
  /** Bytes that may still be read. */
  readonly left: { bytes: number };
}

function* blocksOf(bytes: ArrowBytes, { footer, slot, kind, left }: Blocks): Generator<ArrowMessage> {
  const blocks = footer.vector(slot, blockBytes, "the footer");
  for (let index = 0; index < blocks.count; index++) {
    const place = `${kind} ${index}`;
    const [start, metadataBytes, bodyBytes] = [blocks.int64(index, 0), blocks.int32(index, 8), blocks.int64(index, 16)];
    if (start < headBytes || metadataBytes < 0 || start + metadataBytes + bodyBytes > bytes.sizeBytes) {
      throw new ArrowDamage(`its footer says that ${place} has ${bodyBytes} bytes at ${start}`);
    }
    const message = readMessage(bytes, start, place);
    if (message?.kind !== kind || message.bodyStart !== start + metadataBytes || message.bodyBytes !== bodyBytes) {
      throw new ArrowDamage(`its footer says that ${place} stands at ${start}, where something else does`);
    }
    left.bytes -= message.end - start;
    if (left.bytes < 0) throw new ArrowDamage("its footer names more messages than it has");
    yield message;
  }
}
