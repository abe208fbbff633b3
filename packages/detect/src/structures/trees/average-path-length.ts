/** Mean depth of a random binary tree of a number of rows, which a leaf with that many rows adds to a path. */

/** The Euler-Mascheroni constant. */
const eulerGamma = 0.5772156649015329;

/**
 * c(n) = 2 H(n - 1) - 2 (n - 1) / n with H(i) = ln i + gamma; c(1) = 0, c(2) = 1.
 * Source: Liu, Ting, Zhou, Isolation Forest, ICDM 2008, equation 1.
 */
export function averagePathLength(rowCount: number): number {
  if (rowCount <= 1) return 0;
  if (rowCount === 2) return 1;
  return 2 * (Math.log(rowCount - 1) + eulerGamma) - (2 * (rowCount - 1)) / rowCount;
}
