/** Draws the sets of balls: a few rows each, every ball reaching to the nearest other centre of its set. */

import type { BallEnsemble } from "../../kernels/forest-kernels.ts";
import { ballLaneCount } from "../../kernels/forest-kernels.ts";
import { type Matrix, pickRows } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sampleWithoutReplacement } from "../../random.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";

/** Added to both radii of a ratio, so that centres that coincide give 1 and not 0 / 0: the reference's. */
const tiny = 2 ** -52;

/** Which radii a ball's value compares. */
export const radiiChoices = ["squared", "plain"] as const;

export interface GrowOptions {
  readonly memberCount: number;
  /** Balls of each member. */
  readonly ballCount: number;
  readonly radii: (typeof radiiChoices)[number];
}

/** An ensemble whose members `drawMember` fills; until then no ball covers anything. */
export function emptyEnsemble(columnCount: number, options: GrowOptions): BallEnsemble {
  const { memberCount } = options;
  const blockCount = Math.ceil(options.ballCount / ballLaneCount);
  const laneCount = memberCount * blockCount * ballLaneCount;
  return {
    columnCount,
    memberCount,
    blockCount,
    centers: new Float64Array(laneCount * columnCount),
    squaredRadii: new Float64Array(laneCount).fill(-1),
    values: new Float64Array(laneCount),
  };
}

/** Costs O(ballCount^2 d). */
export function* drawMember(
  train: Matrix,
  options: GrowOptions,
  random: Random,
  { ensemble, member }: { readonly ensemble: BallEnsemble; readonly member: number },
): Pieces<void> {
  const { ballCount, radii } = options;
  const centers = pickRows(train, sampleWithoutReplacement(train.rowCount, ballCount, random));
  const { squaredRadii, nearest } = yield* nearestCenters(centers);
  const order = Array.from(squaredRadii.keys()).sort((a, b) => squaredRadii[a] - squaredRadii[b] || a - b);
  const start = member * ensemble.blockCount * ballLaneCount;
  for (const [place, center] of order.entries()) {
    placeCenter(ensemble, start + place, centers, center);
    ensemble.squaredRadii[start + place] = squaredRadii[center];
    ensemble.values[start + place] = isolationOf(squaredRadii[center], squaredRadii[nearest[center]], radii);
  }
}

/** For every centre the nearest other one, the first of equals, and the squared distance to it. */
function* nearestCenters(centers: Matrix): Pieces<{ squaredRadii: Float64Array; nearest: Int32Array }> {
  const squaredRadii = new Float64Array(centers.rowCount).fill(Number.POSITIVE_INFINITY);
  const nearest = new Int32Array(centers.rowCount);
  for (let a = 0, work = 0; a < centers.rowCount; a++, work += centers.values.length) {
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
    for (let b = 0; b < centers.rowCount; b++) {
      if (a === b) continue;
      const distance = squaredDistance(centers, a, b);
      if (distance < squaredRadii[a]) {
        squaredRadii[a] = distance;
        nearest[a] = b;
      }
    }
  }
  return { squaredRadii, nearest };
}

/** Sums in the order of the columns, as the kernel does, so that rounding puts no centre outside a ball whose edge it is on. */
function squaredDistance({ values, columnCount }: Matrix, a: number, b: number): number {
  let sum = 0;
  for (let column = 0; column < columnCount; column++) {
    const difference = values[a * columnCount + column] - values[b * columnCount + column];
    sum += difference * difference;
  }
  return sum;
}

/** 1 - (neighbour's radius) / (own radius): 0 for equal radii, near 1 beside a much denser place. Definition 3 of the paper. */
function isolationOf(squaredRadius: number, neighbourSquaredRadius: number, radii: GrowOptions["radii"]): number {
  // Equal ones give 0, infinite ones included.
  if (squaredRadius === neighbourSquaredRadius) return 0;
  if (radii === "squared") return 1 - (neighbourSquaredRadius + tiny) / (squaredRadius + tiny);
  return 1 - (Math.sqrt(neighbourSquaredRadius) + tiny) / (Math.sqrt(squaredRadius) + tiny);
}

function placeCenter(ensemble: BallEnsemble, ball: number, centers: Matrix, center: number): void {
  const { columnCount } = ensemble;
  const lane = ball % ballLaneCount;
  const at = (ball - lane) * columnCount + lane;
  for (let column = 0; column < columnCount; column++) {
    ensemble.centers[at + column * ballLaneCount] = centers.values[center * columnCount + column];
  }
}
