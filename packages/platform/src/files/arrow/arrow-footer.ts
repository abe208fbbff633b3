/** Reads the footer of an Arrow IPC file, with the schema and the positions of the messages, and checks the magic at both ends. */

import type { ArrowBytes } from "./arrow-bytes.ts";
import { ArrowDamage, type FlatTable, metadataBudget, rootTable } from "./arrow-flatbuffer.ts";
import { type ArrowMessage, type ArrowMessageKind, int32At, readMessage } from "./arrow-messages.ts";
import { type ArrowSchema, readArrowSchema, readPairs } from "./arrow-schema.ts";

export const magic = "ARROW1";
/** The magic and two bytes of padding. */
export const headBytes = 8;
/** After the footer come its length and the magic. */
const tailBytes = 4 + magic.length;
const footerBytesMax = 256 * 1024 ** 2;
const blockBytes = 24;

export interface ArrowFooter {
  readonly schema: ArrowSchema;
  /** Dictionary batches first, then record batches, as the footer lists them. */
  readonly messages: Iterable<ArrowMessage>;
  /** The footer's own bytes. */
  readonly bytes: Uint8Array;
  /** Positions in these bytes where the footer says where a message stands, in the order of the messages. */
  readonly blocks: Iterable<number>;
}

/** @returns undefined if the bytes do not begin with the magic. @throws ArrowDamage */
export function readFooter(bytes: ArrowBytes): ArrowFooter | undefined {
  const { sizeBytes } = bytes;
  if (sizeBytes < magic.length || textAt(bytes, 0) !== magic) return undefined;
  if (sizeBytes < headBytes + tailBytes || textAt(bytes, sizeBytes - magic.length) !== magic) {
    throw new ArrowDamage(`it does not end with ${magic}: it is cut off, or was never finished`);
  }
  const lengthAt = sizeBytes - tailBytes;
  const footerBytes = int32At(bytes, lengthAt, "the footer");
  if (footerBytes <= 0 || footerBytes > footerBytesMax || headBytes + footerBytes > lengthAt) {
    throw new ArrowDamage(`it says that its footer has ${footerBytes} bytes`);
  }
  const copy = new Uint8Array(bytes.read(lengthAt - footerBytes, footerBytes));
  const footer = rootTable(copy, "the footer");
  const version = footer.int16(0, 0);
  if (version !== 3 && version !== 4)
    throw new ArrowDamage(`its footer is of version ${version + 1} of the format; 4 and 5 are read`);
  const table = footer.table(1, "the footer");
  if (table === undefined) throw new ArrowDamage("its footer has no schema");
  const budget = metadataBudget();
  const schema = readArrowSchema(table, budget);
  readPairs(footer, 4, "the footer", { budget, pairCount: 0 });
  // Some writers store no schema message at the start of the file, so readers use the footer's schema.
  return { schema, messages: messagesOf(bytes, footer, lengthAt - footerBytes), bytes: copy, blocks: blockPositions(footer) };
}

function textAt(bytes: ArrowBytes, position: number): string {
  return Buffer.from(bytes.read(position, magic.length)).toString("latin1");
}

/** Messages may be anywhere in the file, but together no larger than it, so that none is read many times. */
function* messagesOf(bytes: ArrowBytes, footer: FlatTable, footerStart: number): Generator<ArrowMessage> {
  const left = { bytes: footerStart };
  yield* blocksOf(bytes, { footer, slot: 2, kind: "dictionary batch", left });
  yield* blocksOf(bytes, { footer, slot: 3, kind: "record batch", left });
}

function* blockPositions(footer: FlatTable): Generator<number> {
  for (const slot of [2, 3]) {
    const { start, count } = footer.vector(slot, blockBytes, "the footer");
    for (let index = 0; index < count; index++) yield start + index * blockBytes;
  }
}

interface Blocks {
  readonly footer: FlatTable;
  readonly slot: number;
  readonly kind: ArrowMessageKind;
  /** Bytes that the remaining messages may take. */
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
