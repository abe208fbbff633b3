/** Distances to a few centres, safe at any magnitude. */

/** Index of the centre nearest to the row at `values[at..]`, the first of equals: by squares, by distances where all overflow. */
export function nearestCenter(values: Float64Array, at: number, centers: Float64Array, width: number): number {
  for (const distanceOf of [squaredDistance, euclideanDistance]) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let center = 0, centerAt = 0; centerAt < centers.length; center++, centerAt += width) {
      const distance = distanceOf(values, at, centers, centerAt, width);
      if (distance < least) {
        least = distance;
        best = center;
      }
    }
    if (least < Number.POSITIVE_INFINITY) return best;
  }
  return 0;
}

export function squaredDistance(a: Float64Array, aAt: number, b: Float64Array, bAt: number, width: number): number {
  let sum = 0;
  for (let column = 0; column < width; column++) {
    const difference = a[aAt + column] - b[bAt + column];
    sum += difference * difference;
  }
  return sum;
}

/** The distance of two rows, also where its square overflows; at most the largest finite number. */
export function euclideanDistance(a: Float64Array, aAt: number, b: Float64Array, bAt: number, width: number): number {
  const square = squaredDistance(a, aAt, b, bAt, width);
  if (square < Number.POSITIVE_INFINITY) return Math.sqrt(square);
  let largest = 0;
  for (let column = 0; column < width; column++) {
    largest = Math.max(largest, Math.abs(a[aAt + column]), Math.abs(b[bAt + column]));
  }
  let sum = 0;
  for (let column = 0; column < width; column++) {
    const difference = a[aAt + column] / largest - b[bAt + column] / largest;
    sum += difference * difference;
  }
  return Math.min(Number.MAX_VALUE, largest * Math.sqrt(sum));
}
