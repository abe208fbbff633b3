/** Finds the buffers of an Arrow batch, and what they say that they become once they are unpacked. */

import type { BufferRange } from "./arrow-batch.ts";
import { bufferPlaces } from "./arrow-buffer-places.ts";
import type { ArrowBytes } from "./arrow-bytes.ts";
import type { ArrowValues } from "./arrow-content.ts";
import { ArrowDamage } from "./arrow-flatbuffer.ts";
import type { ArrowField, ArrowSchema } from "./arrow-schema.ts";

export type Codec = "LZ4" | "ZSTD";

/** A buffer as it lies in the file or body, with what it takes to unpack it. */
export interface PackedBuffer {
  readonly packed: BufferRange;
  /** Undefined: it is stored as it is. */
  readonly codec: Codec | undefined;
  /** Its size once it is unpacked, as it says itself. */
  readonly sizeBytes: number;
  /** Batch, column and what the buffer holds. */
  readonly place: string;
}

const codecs: Readonly<Record<number, Codec>> = { 0: "LZ4", 1: "ZSTD" };
/** A compressed buffer begins with its size once it is unpacked, or with -1 if it is stored as it is. */
const prefixBytes = 8;
const storedAsItIs = -1;

/** @returns undefined for a batch without compression. @throws ArrowDamage */
export function codecOf({ table, place }: ArrowValues): Codec | undefined {
  const compression = table.table(3, place);
  if (compression === undefined) return undefined;
  const number = compression.int8(0, 0);
  const codec = codecs[number];
  if (codec === undefined) throw new ArrowDamage(`${place} is compressed with the unknown method ${number}`);
  if (compression.int8(1, 0) !== 0) throw new ArrowDamage(`${place} is compressed in an unknown way`);
  return codec;
}

/** The buffers of one batch, in their order. @throws ArrowDamage */
export function* packedBuffers(bytes: ArrowBytes, values: ArrowValues, schema: ArrowSchema): Generator<PackedBuffer> {
  const { message, table, dictionary, place: batch } = values;
  const codec = codecOf(values);
  const buffers = table.vector(2, 16, batch);
  const fields = dictionary === undefined ? schema.fields : valueFields(schema, dictionary.id);
  const places = bufferPlaces(fields, message.version, table.vector(4, 8, batch));
  let leftBytes = message.bodyBytes;
  for (let index = 0; index < buffers.count; index++) {
    const next = places.next();
    const place = `${batch}, ${next.done === true ? `buffer ${index}` : next.value}`;
    const [offset, sizeBytes] = [buffers.int64(index, 0), buffers.int64(index, 8)];
    leftBytes -= sizeBytes;
    // Buffers that overlap would be unpacked many times.
    if (offset < 0 || sizeBytes < 0 || offset + sizeBytes > message.bodyBytes || leftBytes < 0) {
      throw new ArrowDamage(`${place} has ${sizeBytes} bytes at ${offset} in a body of ${message.bodyBytes}`);
    }
    const packed = { start: message.bodyStart + offset, sizeBytes };
    yield codec === undefined || sizeBytes === 0
      ? { packed, codec: undefined, sizeBytes, place }
      : prefixed(bytes, { packed, codec, sizeBytes, place });
  }
}

/** The field of a dictionary's values. */
function valueFields({ dictionaries }: ArrowSchema, id: number): readonly ArrowField[] {
  const field = dictionaries.get(id);
  if (field === undefined) return [];
  const { dictionary: _, ...values } = field;
  return [values];
}

/** Reads the size that a compressed buffer begins with. */
function prefixed(bytes: ArrowBytes, { packed, codec, sizeBytes, place }: PackedBuffer): PackedBuffer {
  if (sizeBytes < prefixBytes) throw new ArrowDamage(`${place} is compressed and has ${sizeBytes} bytes only`);
  const prefix = bytes.read(packed.start, prefixBytes);
  const unpackedBytes = Number(new DataView(prefix.buffer, prefix.byteOffset, prefixBytes).getBigInt64(0, true));
  const rest = { start: packed.start + prefixBytes, sizeBytes: sizeBytes - prefixBytes };
  if (unpackedBytes === storedAsItIs) return { packed: rest, codec: undefined, sizeBytes: rest.sizeBytes, place };
  if (unpackedBytes < 0) throw new ArrowDamage(`${place} says that it becomes ${unpackedBytes} bytes`);
  return { packed: rest, codec, sizeBytes: unpackedBytes, place };
}
