/**
 * Checks an Arrow IPC file, stream or request body before the Arrow library reads it. The library trusts lengths in the bytes: a damaged
 * length makes it loop for minutes, and a small dictionary can make it write gigabytes.
 */

import { closeSync, openSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { throwIfAborted } from "@nomaly/detect";
import { checkBatch } from "./arrow-batch.ts";
import { type ArrowBytes, bytesInMemory, bytesOfFile } from "./arrow-bytes.ts";
import { type ArrowValues, messageCountMax, readContent, valuesOf } from "./arrow-content.ts";
import { type ArrowCounts, type ArrowExcess, createArrowCounts } from "./arrow-counts.ts";
import { createDictionaryTexts, type DictionaryTexts } from "./arrow-dictionary.ts";
import { type ArrowFaults, bodyFaults, codedFault, faultsOfFile } from "./arrow-faults.ts";
import { ArrowDamage } from "./arrow-flatbuffer.ts";
import { type ArrowSchema, isUnread } from "./arrow-schema.ts";
import type { ContentLimits } from "../read/content-limits.ts";

export interface ArrowFound {
  readonly rowCount: number;
  readonly columnCount: number;
  readonly longestTextBytes: number;
  /** The first column of a type that the Arrow library does not know: with it, it reads nothing. */
  readonly unread: { readonly name: string; readonly type: string } | undefined;
}

/** Limit of steps over all dictionaries: the library goes through all parts of a dictionary whenever a part is added. */
const dictionaryStepCountMax = 1_000_000;
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
    throw codedFault(error, faults);
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
    throw codedFault(error, bodyFaults);
  }
}

interface Checking {
  readonly bytes: ArrowBytes;
  readonly faults: ArrowFaults;
  readonly counts: ArrowCounts;
  readonly schema: ArrowSchema;
  readonly dictionaries: Map<number, DictionaryTexts>;
  dictionaryStepCount: number;
}

function* checkMessages(bytes: ArrowBytes, limits: ContentLimits, faults: ArrowFaults): Generator<void, ArrowFound> {
  const refuse = (excess: ArrowExcess): never => {
    throw faults.tooLarge(excess);
  };
  const { schema, messages } = readContent(bytes);
  const columnCount = schema.fields.length;
  if (columnCount > limits.columnCountMax) refuse({ what: "columns", max: limits.columnCountMax, count: columnCount });
  const counts = createArrowCounts(limits, refuse);
  const checking: Checking = {
    bytes,
    faults,
    counts,
    schema,
    dictionaries: new Map(),
    dictionaryStepCount: 0,
  };
  let [messageCount, recordBatchCount] = [0, 0];
  for (const message of messages) {
    if (++messageCount > messageCountMax) refuse({ what: "messages", max: messageCountMax, count: messageCount });
    const values = valuesOf(message, recordBatchCount);
    if (values.dictionary === undefined) recordBatchCount++;
    yield* checkValues(checking, values);
    yield;
  }
  const { rowCount, longestTextBytes } = counts;
  const field = schema.fields.find(isUnread);
  const unread = field && { name: field.name, type: field.typeText };
  return { rowCount, columnCount, longestTextBytes, unread };
}

function* checkValues(checking: Checking, values: ArrowValues): Generator<void> {
  const { message, table, dictionary, place } = values;
  // Whoever asks for the check has unpacked them before.
  if (table.has(3)) throw new ArrowDamage(`${place} is compressed`);
  if (dictionary !== undefined) return yield* checkDictionary(checking, values, dictionary);
  checking.counts.addRows(Math.max(0, table.int64(0, 0)));
  yield* checkBatch(checking.bytes, { message, table, fields: checking.schema.fields, place }, checking);
}

function* checkDictionary(
  checking: Checking,
  { message, table, place }: ArrowValues,
  { id, isDelta }: NonNullable<ArrowValues["dictionary"]>,
): Generator<void> {
  const field = checking.schema.dictionaries.get(id);
  if (field === undefined) throw new ArrowDamage(`it has a dictionary ${id}, which its schema does not name`);
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
