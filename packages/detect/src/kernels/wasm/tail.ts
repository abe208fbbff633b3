/**
 * The tail family on WebAssembly. Each scorer has a memory of its own, in which its columns stay and with which it goes:
 *
 *     | logarithms | fields | column 0, its starts | column 1, its starts | ... | scratch | rows, sums |
 */

import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import { referenceTail } from "../reference/tail.ts";
import type { CentralSums, SortedColumns, TailKernels, TailScorer } from "../tail-kernels.ts";
import { constantShare, deltaMax, minusLog } from "../tail-kernels.ts";
import { relaxedSimd, simd } from "./generated/tail.ts";
import type { WasmArena, WasmBuild } from "./instance.ts";
import { compileModule, createArena } from "./instance.ts";

/** The address space of WebAssembly, less a page. */
const scorerBytesMax = 4_294_901_760;
/** Bytes of a scorer's memory kept free for rows. */
const rowBytesMax = 33_554_432;
/** Rows looked up together: with more of them, values looked up one after the other are nearer to each other. */
const blockRowCountMax = 262_144;
/** Shorter columns have no window. */
const entryCountMin = 4;
/** Rows asked for, per entry of a column, from which on copying the columns pays. */
const rowsPerEntry = 1 / 64;
/** The reference scores calls with fewer rows. */
const rowCountMin = 16;
/** Mean number of entries in a bucket: few to compare, and a table that stays in the cache. */
const entriesPerBucket = 2;
/** One in so many entries at either end shares the end bucket, so that a few huge values do not leave the other buckets empty. */
const tailShare = 128;
const fieldCount = 9;
/** Infinities behind each column. */
const padCount = 2;
const scratchBytes = 16_384;
const arrangedBytes = 14;
/** Values transposed from rows to columns at once. */
const turnedValueCount = 2048;

export function wasmTail(build: WasmBuild): TailKernels {
  let module: WebAssembly.Module | undefined;
  return {
    createTailScorer(columns) {
      const compiled = () => (module ??= compileModule(build === "simd" ? simd : relaxedSimd));
      return createScorer(compiled, columns);
    },
  };
}

function createScorer(compiled: () => WebAssembly.Module, columns: SortedColumns): TailScorer {
  const reference = referenceTail.createTailScorer(columns);
  const entryCount = columns.sums[0].count;
  const fits = entryCount >= entryCountMin && bytesOf(columns) <= scorerBytesMax - 2 * rowBytesMax;
  let laid: LaidColumns | undefined;
  let askedCount = 0;

  return {
    cellsInto: (rows, out) => reference.cellsInto(rows, out),
    sumsInto(rows, sums) {
      askedCount = Math.min(entryCount, askedCount + rows.rowCount);
      if (!fits || rows.rowCount < rowCountMin || askedCount < entryCount * rowsPerEntry) {
        reference.sumsInto(rows, sums);
        return;
      }
      laid ??= layColumns(createArena(compiled(), scorerBytesMax), columns);
      sumsInto(laid, rows, sums);
    },
  };
}

interface LaidColumn {
  readonly sortedAt: number;
  readonly startsAt: number;
  readonly fieldsAt: number;
}

interface LaidColumns {
  readonly arena: WasmArena;
  readonly entryCount: number;
  readonly isCopod: number;
  readonly logsAt: number;
  readonly columns: readonly LaidColumn[];
  readonly scratchAt: number;
  readonly end: number;
}

function bytesOf({ sums }: SortedColumns): number {
  const { count } = sums[0];
  return 8 * (count + 2) + sums.length * (8 * (count + padCount + fieldCount) + 4 * (count / entriesPerBucket + 1) + 3 * 64);
}

function layColumns(arena: WasmArena, { rule, sorted, sums }: SortedColumns): LaidColumns {
  const entryCount = sums[0].count;
  const logsAt = arena.reserve((entryCount + 2) * 8);
  logsInto(arena.float64(logsAt, entryCount + 2));
  const columns = sums.map((columnSums, index) =>
    layColumn(arena, sorted.subarray(index * entryCount, (index + 1) * entryCount), columnSums),
  );
  const scratchAt = arena.reserve(scratchBytes);
  const isCopod = rule === "copod" ? 1 : 0;
  return { arena, entryCount, isCopod, logsAt, columns, scratchAt, end: scratchAt + scratchBytes };
}

/** Entry i is minus the logarithm of i / (n + 1); entry 0 is not looked up. */
function logsInto(logs: Float64Array): void {
  const total = logs.length - 1;
  logs[0] = 0;
  for (let i = 1; i <= total; i++) logs[i] = minusLog(i / total);
}

function layColumn(arena: WasmArena, entries: Float64Array, { unit, mean, squares, cubes }: CentralSums): LaidColumn {
  const { length } = entries;
  const tail = Math.floor(length / tailShare);
  const low = entries[tail];
  const wanted = Math.floor(length / entriesPerBucket);
  const wantedScale = wanted / (entries[length - 1 - tail] - low);
  // Without a spread there is one bucket, of all entries.
  const isSpread = wantedScale > 0 && wantedScale < Number.POSITIVE_INFINITY;
  const bucketCount = isSpread ? wanted : 1;
  const scale = isSpread ? wantedScale : 0;
  const fieldsAt = arena.put(
    Float64Array.of(low, scale, bucketCount - 1, 1 / unit, mean, squares, cubes, constantShare, deltaMax),
  );
  const sortedAt = arena.reserve((length + padCount) * 8);
  const startsAt = arena.reserve((bucketCount + 1) * 4);
  const laid = arena.float64(sortedAt, length + padCount);
  laid.set(entries);
  laid.fill(Number.POSITIVE_INFINITY, length);
  arena.call["startsInto"](sortedAt, length, low, scale, bucketCount, startsAt);
  return { sortedAt, startsAt, fieldsAt };
}

function sumsInto(laid: LaidColumns, rows: Matrix, sums: Float64Array): void {
  const { arena, entryCount, isCopod, logsAt, columns, scratchAt } = laid;
  const blockRowCount = Math.min(blockRowCountMax, Math.max(1, Math.floor(rowBytesMax / 8 / rows.columnCount)));
  for (let start = 0; start < rows.rowCount; start += blockRowCount) {
    const count = Math.min(blockRowCount, rows.rowCount - start);
    const valuesAt = putColumns(laid, rowRange(rows, start, start + count));
    const sumsAt = arena.reserve(count * 8);
    const arrangedAt = arena.reserve(count * arrangedBytes);
    arena.float64(sumsAt, count).fill(0);
    for (const [index, { sortedAt, startsAt, fieldsAt }] of columns.entries()) {
      const table = [sortedAt, entryCount, startsAt, fieldsAt, logsAt, isCopod] as const;
      arena.call["addTails"](valuesAt + 8 * count * index, count, ...table, sumsAt, arrangedAt, scratchAt);
    }
    sums.set(arena.float64(sumsAt, count), start);
  }
}

/** Transposes rows into the arena, a few at a time so that they stay in the cache. */
function putColumns({ arena, end }: LaidColumns, rows: Matrix): number {
  const { columnCount, rowCount } = rows;
  arena.rewind(end);
  const turnedRowCount = Math.max(1, Math.floor(turnedValueCount / columnCount));
  const rowsAt = arena.reserve(turnedRowCount * columnCount * 8);
  const columnsAt = arena.reserve(rowCount * columnCount * 8);
  for (let start = 0; start < rowCount; start += turnedRowCount) {
    const count = Math.min(turnedRowCount, rowCount - start);
    arena.float64(rowsAt, count * columnCount).set(rowRange(rows, start, start + count).values);
    arena.call["toColumns"](rowsAt, count, columnCount, columnsAt + 8 * start, rowCount);
  }
  return columnsAt;
}
