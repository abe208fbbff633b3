/** Reads what an Arrow file or stream consists of: its schema, and the messages behind it. */

import type { ArrowBytes } from "./arrow-bytes.ts";
import { ArrowDamage, type FlatTable } from "./arrow-flatbuffer.ts";
import { type ArrowFooter, readFooter } from "./arrow-footer.ts";
import { type ArrowMessage, readMessage } from "./arrow-messages.ts";
import { type ArrowSchema, readArrowSchema } from "./arrow-schema.ts";

export interface ArrowContent {
  readonly schema: ArrowSchema;
  readonly messages: Iterable<ArrowMessage>;
  /** Files only. */
  readonly footer?: ArrowFooter;
  /** Where the message with the schema ends in a stream; a file has the schema in its footer. */
  readonly schemaEnd: number;
}

export const messageCountMax = 1_000_000;

/** @throws ArrowDamage */
export function readContent(bytes: ArrowBytes): ArrowContent {
  const footer = readFooter(bytes);
  if (footer !== undefined) return { schema: footer.schema, messages: footer.messages, footer, schemaEnd: 0 };
  const first = readMessage(bytes, 0, "its first message");
  if (first === undefined) throw new ArrowDamage("it has no schema");
  if (first.kind !== "schema") throw new ArrowDamage(`it begins with a ${first.kind}, where its schema belongs`);
  const schema = readArrowSchema(first.header, first.budget);
  return { schema, messages: messagesBehind(bytes, first), schemaEnd: first.end };
}

function* messagesBehind(bytes: ArrowBytes, first: ArrowMessage): Generator<ArrowMessage> {
  let index = 1;
  for (let end = first.end; ;) {
    const message = readMessage(bytes, end, `message ${index++}`);
    if (message === undefined) return;
    yield message;
    end = message.end;
  }
}

/** A message with values: a record batch, or a dictionary with its values. */
export interface ArrowValues {
  readonly message: ArrowMessage & { readonly kind: "dictionary batch" | "record batch" };
  /** The format's RecordBatch. */
  readonly table: FlatTable;
  readonly dictionary?: { readonly id: number; readonly isDelta: boolean };
  /** "record batch 3", or "dictionary 0". */
  readonly place: string;
}

/** @param recordBatchIndex the number of record batches before. @throws ArrowDamage */
export function valuesOf(message: ArrowMessage, recordBatchIndex: number): ArrowValues {
  const { kind, header } = message;
  if (kind === "schema") throw new ArrowDamage("it has a second schema");
  if (kind === "record batch") {
    return { message: { ...message, kind }, table: header, place: `record batch ${recordBatchIndex}` };
  }
  const id = header.int64(0, 0);
  const place = `dictionary ${id}`;
  const table = header.table(1, place);
  if (table === undefined) throw new ArrowDamage(`it has a dictionary ${id} without values`);
  return { message: { ...message, kind }, table, dictionary: { id, isDelta: header.uint8(2, 0) !== 0 }, place };
}
