/**
 * Checks an Arrow IPC file, stream or request body before the Arrow library reads it. The library trusts lengths in the bytes: a damaged
 * length makes it loop for minutes, and a small dictionary can make it write gigabytes.
 */

import { closeSync, openSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { checkBatch } from "./arrow-batch.ts";
import { type ArrowBytes, bytesInMemory, bytesOfFile } from "./arrow-bytes.ts";
import { type ArrowCounts, type ArrowExcess, createArrowCounts } from "./arrow-counts.ts";
import { createDictionaryTexts, type DictionaryTexts } from "./arrow-dictionary.ts";
import { ArrowDamage, type FlatTable } from "./arrow-flatbuffer.ts";
import { readFooter } from "./arrow-footer.ts";
import { type ArrowMessage, readMessage } from "./arrow-messages.ts";
import { type ArrowSchema, readArrowSchema } from "./arrow-schema.ts";
import type { ContentLimits } from "../read/content-limits.ts";

export interface ArrowFound {
  readonly rowCount: number;
  readonly columnCount: number;
  readonly longestTextBytes: number;
}

/** Limit of steps over all dictionaries: the library goes through all parts of a dictionary whenever a part is added. */
const dictionaryStepCountMax = 1_000_000;
const messageCountMax = 1_000_000;
/** Pieces of work (each takes up to a millisecond) between two turns of the event loop. */
const piecesOfTurn = 32;

/**
 * Reads the file piece by piece, whatever its size.
 * @throws NomalyError FILE_FORMAT naming batch and column, TOO_LARGE, ABORTED.
 */
export async function checkArrowFile(
  { path, name }: { readonly path: string; readonly name: string },
  limits: ContentLimits,
  signal: AbortSignal,
): Promise<ArrowFound> {
  const faults = faultsOfFile(name);
  const descriptor = openSync(path, "r");
  try {
    const check = checkMessages(bytesOfFile(descriptor), limits, faults);
    for (let pieceCount = 1; ; pieceCount++) {
      const next = check.next();
      if (next.done === true) return next.value;
      if (pieceCount % piecesOfTurn === 0) {
        throwIfAborted(signal);
        await nextTurn();
      }
    }
  } catch (error) {
    throw error instanceof ArrowDamage ? faults.damaged(error.message) : error;
  } finally {
    closeSync(descriptor);
  }
}

/** @throws NomalyError REQUEST naming batch and column, TOO_LARGE, ABORTED. */
export function checkArrowBody(bytes: Uint8Array, limits: ContentLimits, signal?: AbortSignal): ArrowFound {
  try {
    const check = checkMessages(bytesInMemory(bytes), limits, bodyFaults);
    for (;;) {
      const next = check.next();
      if (next.done === true) return next.value;
      throwIfAborted(signal);
    }
  } catch (error) {
    throw error instanceof ArrowDamage ? bodyFaults.damaged(error.message) : error;
  }
}

interface ArrowFaults {
  damaged(finding: string): NomalyError;
  compressed(codec: string): NomalyError;
  tooLarge(excess: ArrowExcess): NomalyError;
}

const uncompressed = 'write it without (in pyarrow compression=None, in polars compression="uncompressed")';

function faultsOfFile(name: string): ArrowFaults {
  return {
    damaged: (finding) =>
      new NomalyError("FILE_FORMAT", `${name} is damaged or not an Arrow IPC file: ${finding}`, { field: name }),
    compressed: (codec) =>
      new NomalyError("FILE_FORMAT", `${name} is compressed inside with ${codec}, which is not read: ${uncompressed}`, {
        field: name,
        expected: "no compression",
        received: codec,
      }),
    tooLarge: ({ what, max, count }) =>
      new NomalyError("TOO_LARGE", `${name} has at least ${count} ${what}, at most ${max} are taken`, {
        field: name,
        expected: `at most ${max} ${what}`,
        received: String(count),
      }),
  };
}

const bodyFaults: ArrowFaults = {
  damaged: (finding) => new NomalyError("REQUEST", `the body is damaged or no Arrow IPC stream: ${finding}`, { field: "body" }),
  compressed: (codec) =>
    new NomalyError("REQUEST", `the body is compressed inside with ${codec}, which is not read: ${uncompressed}`, {
      field: "body",
      expected: "no compression",
      received: codec,
    }),
  tooLarge: ({ what, max, count }) =>
    new NomalyError("TOO_LARGE", `the body has at least ${count} ${what}; a request may have ${max}`, {
      field: "body",
      expected: `at most ${max} ${what}`,
      received: String(count),
    }),
};

interface Checking {
  readonly bytes: ArrowBytes;
  readonly faults: ArrowFaults;
  readonly counts: ArrowCounts;
  readonly schema: ArrowSchema;
  readonly dictionaries: Map<number, DictionaryTexts>;
  recordBatchCount: number;
  dictionaryStepCount: number;
}

function* checkMessages(bytes: ArrowBytes, limits: ContentLimits, faults: ArrowFaults): Generator<void, ArrowFound> {
  const refuse = (excess: ArrowExcess): never => {
    throw faults.tooLarge(excess);
  };
  const { schema, messages } = readFooter(bytes) ?? readStream(bytes);
  const columnCount = schema.fields.length;
  if (columnCount > limits.columnCountMax) refuse({ what: "columns", max: limits.columnCountMax, count: columnCount });
  const counts = createArrowCounts(limits, refuse);
  const checking: Checking = {
    bytes,
    faults,
    counts,
    schema,
    dictionaries: new Map(),
    recordBatchCount: 0,
    dictionaryStepCount: 0,
  };
  let messageCount = 0;
  for (const message of messages) {
    if (++messageCount > messageCountMax) refuse({ what: "messages", max: messageCountMax, count: messageCount });
    yield* checkMessage(checking, message);
    yield;
  }
  const { rowCount, longestTextBytes } = counts;
  return { rowCount, columnCount, longestTextBytes };
}

function readStream(bytes: ArrowBytes): { readonly schema: ArrowSchema; readonly messages: Iterable<ArrowMessage> } {
  const first = readMessage(bytes, 0, "its first message");
  if (first === undefined) throw new ArrowDamage("it has no schema");
  return { schema: firstSchema(first), messages: messagesBehind(bytes, first) };
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

function firstSchema({ kind, header, budget }: ArrowMessage): ArrowSchema {
  if (kind !== "schema") throw new ArrowDamage(`it begins with a ${kind}, where its schema belongs`);
  return readArrowSchema(header, budget);
}

function checkMessage(checking: Checking, message: ArrowMessage): Generator<void> {
  switch (message.kind) {
    case "schema":
      throw new ArrowDamage("it has a second schema");
    case "dictionary batch":
      return checkDictionary(checking, message);
    case "record batch":
      return checkRecords(checking, message);
  }
}

function* checkRecords(checking: Checking, message: ArrowMessage): Generator<void> {
  const place = `record batch ${checking.recordBatchCount++}`;
  refuseCompressed(message.header, place, checking.faults);
  checking.counts.addRows(Math.max(0, message.header.int64(0, 0)));
  yield* checkBatch(checking.bytes, { message, table: message.header, fields: checking.schema.fields, place }, checking);
}

function* checkDictionary(checking: Checking, message: ArrowMessage): Generator<void> {
  const { header } = message;
  const id = header.int64(0, 0);
  const place = `dictionary ${id}`;
  const table = header.table(1, place);
  const field = checking.schema.dictionaries.get(id);
  if (field === undefined || table === undefined)
    throw new ArrowDamage(`it has a dictionary ${id}, which its schema does not name`);
  refuseCompressed(table, place, checking.faults);
  const isDelta = header.uint8(2, 0) !== 0;
  const known = isDelta ? checking.dictionaries.get(id) : undefined;
  const texts = known ?? createDictionaryTexts();
  checking.dictionaryStepCount += texts.batchCount;
  if (checking.dictionaryStepCount > dictionaryStepCountMax) {
    throw checking.faults.tooLarge({ what: "parts of a dictionary", max: texts.batchCount, count: texts.batchCount + 1 });
  }
  const { dictionary: _, ...values } = field;
  texts.addBatch(yield* checkBatch(checking.bytes, { message, table, fields: [values], place, texts }, checking));
  checking.dictionaries.set(id, texts);
}

const codecs: Readonly<Record<number, string>> = { 0: "LZ4", 1: "ZSTD" };

/** The Arrow library reads no compressed buffers by itself. If it ever does, buffers have to be checked after they are unpacked. */
function refuseCompressed(batch: FlatTable, place: string, faults: ArrowFaults): void {
  const compression = batch.table(3, place);
  if (compression === undefined) return;
  const codec = codecs[compression.int8(0, 0)];
  if (codec === undefined) throw new ArrowDamage(`${place} is compressed with the method ${compression.int8(0, 0)}`);
  throw faults.compressed(codec);
}
