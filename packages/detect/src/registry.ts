/** The literal list of all detectors. Adding one: its folder, and its line here. */

import { composeAuto } from "./detectors/auto/index.ts";
import type { AnyDetector } from "./detector/detector.ts";
import { abod } from "./detectors/abod/index.ts";
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

/** Composed of the others. */
const auto = composeAuto({ isolationForest, knn, cblof, mcd });

export const detectors: readonly AnyDetector[] = [
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
];
