/** Kernel rows of the variables a solver still moves, the least recently used given up when they grow too many. */

import { kernelRowInto, type KernelFunction } from "./kernel-function.ts";

export interface KernelRowCache {
  /** Kernel of the place's row with every place's row, one entry a place. Valid until the next two calls at least. */
  row(place: number): Float64Array;
  /** Keeps the listed places (ascending) alone, in their order. */
  keep(places: Int32Array): void;
}

/** Rows kept at least: a step of the solver reads two. */
const rowCountMin = 2;
/** Rows are cut from slabs of about this size: thousands of arrays of their own would keep the collector busy. */
const slabBytes = 8_388_608;

/**
 * @param rows row-major, `width` columns: one row a place.
 * @param limits.single round kernel values to float32, as libsvm stores them.
 */
export function createKernelRowCache(
  rows: Float64Array,
  width: number,
  kernel: KernelFunction,
  limits: { readonly sizeBytesMax: number; readonly single: boolean },
): KernelRowCache {
  const rowBytes = (8 * rows.length) / width;
  const rowCountMax = Math.max(rowCountMin, Math.floor(limits.sizeBytesMax / rowBytes));
  const slabRowCount = Math.max(1, Math.min(rowCountMax, Math.floor(slabBytes / rowBytes)));
  let placed = rows;
  let count = rows.length / width;
  // A Map keeps the order of insertion: a row that is read again goes to its end.
  let held = new Map<number, Float64Array>();
  let unused: Float64Array[] = [];
  let madeCount = 0;

  function row(place: number): Float64Array {
    const known = held.get(place);
    if (known !== undefined) {
      held.delete(place);
      held.set(place, known);
      return known;
    }
    const fresh = unused.pop() ?? (madeCount < rowCountMax ? cutSlab() : takeOldest());
    kernelRowInto(kernel, { values: placed, at: place * width }, placed, width, fresh);
    if (limits.single) for (let i = 0; i < count; i++) fresh[i] = Math.fround(fresh[i]);
    held.set(place, fresh);
    return fresh;
  }

  function cutSlab(): Float64Array {
    const rowCount = Math.min(slabRowCount, rowCountMax - madeCount);
    madeCount += rowCount;
    const slab = new Float64Array(rowCount * count);
    for (let i = 1; i < rowCount; i++) unused.push(slab.subarray(i * count, (i + 1) * count));
    return slab.subarray(0, count);
  }

  function takeOldest(): Float64Array {
    const [place, oldest] = held.entries().next().value as [number, Float64Array];
    held.delete(place);
    return oldest;
  }

  function keep(places: Int32Array): void {
    const newPlace = new Map<number, number>();
    const kept = new Float64Array(places.length * width);
    for (const [to, from] of places.entries()) {
      newPlace.set(from, to);
      kept.set(placed.subarray(from * width, (from + 1) * width), to * width);
    }
    const survivors = new Map<number, Float64Array>();
    unused = unused.map((values) => values.subarray(0, places.length));
    for (const [place, values] of held) {
      const to = newPlace.get(place);
      if (to === undefined) unused.push(values.subarray(0, places.length));
      else survivors.set(to, packed(values, places));
    }
    placed = kept;
    count = places.length;
    held = survivors;
  }

  return { row, keep };
}

/** Moves the listed entries (ascending) to the front, in place, and gives that part. */
function packed(values: Float64Array, places: Int32Array): Float64Array {
  for (let to = 0; to < places.length; to++) values[to] = values[places[to]];
  return values.subarray(0, places.length);
}
