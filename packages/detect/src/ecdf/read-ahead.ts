/** Brings the part of a long array that a block of places will visit into the cache. */

/** Entries in a cache line. */
const lineLength = 8;
/** Entries read ahead for each place: lines that none of them visits are read in vain. */
const entriesPerPlaceMax = 32;

/** What was read last, so that reading is not left out as useless. */
let lastRead = 0;

/**
 * Reads one entry of each cache line from the least to the largest place, where they are not many more than the places.
 * The processor foresees reading in order, not the jumps among places, so the jumps that follow do not wait for memory.
 */
export function readAhead(array: Float64Array, places: Int32Array, placeCount: number): void {
  let first = array.length;
  let last = 0;
  for (let i = 0; i < placeCount; i++) {
    first = Math.min(first, places[i]);
    last = Math.max(last, places[i]);
  }
  if (last - first <= placeCount * entriesPerPlaceMax) lastRead += readEach(array, first, Math.min(last, array.length - 1));
}

function readEach(array: Float64Array, first: number, last: number): number {
  let sum = 0;
  for (let at = first; at <= last; at += lineLength) sum += array[at];
  return sum === lastRead ? 1 : 0;
}
