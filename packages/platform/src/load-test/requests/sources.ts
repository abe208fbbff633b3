/** The kinds of request of a load test. */

import { createRandom } from "@nomaly/detect";
import type { RequestSource } from "../engine/run-load.ts";
import type { Target } from "../target.ts";
import { asciiJson } from "./row-texts.ts";
import { createShuffledRows } from "./shuffled-rows.ts";

export interface RowRequests {
  readonly name: string;
  readonly detectorId: string;
  readonly rowTexts: readonly string[];
  readonly seed: number;
}

/** `POST /detection/predict` with so many rows, other ones each time. */
export function predictSource(
  target: Target,
  { name, detectorId, rowTexts, seed, rowsPerRequest }: RowRequests & { readonly rowsPerRequest: number },
): RequestSource {
  const draw = createShuffledRows(rowTexts, createRandom(seed));
  const start = `{"detector_id":${asciiJson(detectorId)},"data":[`;
  return { name, next: () => target.request("POST", "/detection/predict", `${start}${draw(rowsPerRequest)}]}`) };
}

/** `POST /detection/train` with all rows. */
export function trainSource(target: Target, { name, detectorId, rowTexts }: Omit<RowRequests, "seed">): RequestSource {
  return { name, next: () => trainRequest(target, detectorId, rowTexts) };
}

export function trainRequest(target: Target, detectorId: string, rowTexts: readonly string[]): string {
  const body = `{"detector_id":${asciiJson(detectorId)},"data":[${rowTexts.join(",")}]}`;
  return target.request("POST", "/detection/train", body);
}

export function getSource(target: Target, { name, path }: { readonly name: string; readonly path: string }): RequestSource {
  const request = target.request("GET", path);
  return { name, next: () => request };
}

/**
 * Whose turn it is: each as often as its weight says, evenly spread (smooth weighted round robin).
 * @returns a function that gives the index of the next one.
 */
export function weightedTurns(weights: readonly number[]): () => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const credits = new Float64Array(weights.length);
  return () => {
    let chosen = 0;
    for (const [index, weight] of weights.entries()) {
      credits[index] += weight;
      if (credits[index] > credits[chosen]) chosen = index;
    }
    credits[chosen] -= total;
    return chosen;
  };
}
