/** The length of the chain that joins a row to its neighbours one after another. */

import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";
import { euclideanDistance, squaredDistance } from "../../structures/clusters/nearest-center.ts";

/**
 * `chain` holds a row and then its neighbours, nearest first: (k + 1) x d. Each neighbour is joined to the nearest of those
 * before it, and the first links weigh most.
 *
 *   sum over i = 1..k of  2 (k + 1 - i) / (k (k + 1))  x  distance of neighbour i from the nearest of row, neighbours 1..i-1
 *
 * Source: Tang, Chen, Fu and Cheung, PAKDD 2002, definition 5 (average chaining distance); as in PyOD neighbours join in the
 * order of their distance from the row, not of their distance from the chain so far (definition 3).
 */
export function* chainingDistance(chain: Float64Array, width: number): Pieces<number> {
  const k = chain.length / width - 1;
  let sum = 0;
  for (let i = 1, work = 0; i <= k; i++) {
    work += i * width;
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
    sum += ((2 * (k + 1 - i)) / (k * (k + 1))) * linkLength(chain, i, width);
  }
  return Math.min(sum, Number.MAX_VALUE);
}

/** Distance of place `i` from the nearest place before it. */
function linkLength(chain: Float64Array, i: number, width: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let before = 0; before < i; before++) {
    const square = squaredDistance(chain, i * width, chain, before * width, width);
    if (square < least) least = square;
  }
  if (least < Number.POSITIVE_INFINITY) return Math.sqrt(least);
  let distance = Number.MAX_VALUE;
  for (let before = 0; before < i; before++) {
    distance = Math.min(distance, euclideanDistance(chain, i * width, chain, before * width, width));
  }
  return distance;
}

/** A row's chaining distance divided by the mean of its neighbours': above 1 where the row's links are longer. */
export function chainingRatio(own: number, neighbourMean: number): number {
  if (neighbourMean > 0) return Math.min(own / neighbourMean, Number.MAX_VALUE);
  return own > 0 ? Number.MAX_VALUE : 0;
}
