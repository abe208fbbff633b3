/** The rows of smallest distance. */

/** Indexes, ascending, of the `count` smallest distances (1 <= count <= length); of equal ones the first. None may be NaN. */
export function indexesOfSmallest(distances: Float64Array, count: number): Int32Array {
  const limit = kthSmallest(distances.slice(), count - 1);
  let tiesLeft = count;
  for (const distance of distances) if (distance < limit) tiesLeft--;
  const indexes = new Int32Array(count);
  for (let i = 0, to = 0; to < count; i++) {
    const distance = distances[i];
    if (distance > limit) continue;
    if (distance === limit) {
      if (tiesLeft === 0) continue;
      tiesLeft--;
    }
    indexes[to++] = i;
  }
  return indexes;
}

/** Hoare's selection with the middle of three as pivot; reorders `values`. `k` counts from 0. */
export function kthSmallest(values: Float64Array, k: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = middleOfThree(values[low], values[(low + high) >> 1], values[high]);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const held = values[i];
      values[i++] = values[j];
      values[j--] = held;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
