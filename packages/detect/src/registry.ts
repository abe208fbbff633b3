/** The literal list of all detectors. Adding one: its folder, and its line here. */

import type { AnyDetector } from "./detector/detector.ts";
import type { ParamsById } from "./detector/params.ts";
import { abod } from "./detectors/abod/index.ts";
import { auto } from "./detectors/auto/index.ts";
import { cblof } from "./detectors/cblof/index.ts";
import { cof } from "./detectors/cof/index.ts";
import { copod } from "./detectors/copod/index.ts";
import { ecod } from "./detectors/ecod/index.ts";
import { extendedIsolationForest } from "./detectors/extended-isolation-forest/index.ts";
import { gmm } from "./detectors/gmm/index.ts";
import { halfSpaceTrees } from "./detectors/half-space-trees/index.ts";
import { hbos } from "./detectors/hbos/index.ts";
import { inne } from "./detectors/inne/index.ts";
import { isolationForest } from "./detectors/isolation-forest/index.ts";
import { kde } from "./detectors/kde/index.ts";
import { knn } from "./detectors/knn/index.ts";
import { loda } from "./detectors/loda/index.ts";
import { lof } from "./detectors/lof/index.ts";
import { mcd } from "./detectors/mcd/index.ts";
import { ocsvm } from "./detectors/ocsvm/index.ts";
import { pca } from "./detectors/pca/index.ts";
import { robustZ } from "./detectors/robust-z/index.ts";
import { sampling } from "./detectors/sampling/index.ts";
import { seriesNovelty } from "./detectors/series-novelty/index.ts";

const list = [
  abod,
  auto,
  cblof,
  cof,
  copod,
  ecod,
  extendedIsolationForest,
  gmm,
  halfSpaceTrees,
  hbos,
  inne,
  isolationForest,
  kde,
  knn,
  loda,
  lof,
  mcd,
  ocsvm,
  pca,
  robustZ,
  sampling,
  seriesNovelty,
] as const;

/** The parameters of every detector, by its id: `DetectorParams["knn"]`. */
export interface DetectorParams extends ParamsById<(typeof list)[number]> {}

/** The ids of all detectors. */
export type DetectorId = keyof DetectorParams;

/** All detectors, in alphabetical order of their ids. */
export const detectors: readonly AnyDetector<DetectorId>[] = list;
