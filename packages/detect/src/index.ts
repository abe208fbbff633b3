/**
 * Anomaly detection with every detector and worker threads.
 *
 * @example
 * import { detect, load } from "@nomaly/detect";
 * const { model, scores } = await detect([[1, 2], [2, 1], [1, 1], [9, 9]], { detector: "knn", params: { nNeighbors: 2 } });
 * const labels = model.predict([[1, 1.5]]).labels;
 * const again = load(model.save());
 */

import { workerHost } from "#worker-host";
import { useEveryFamily } from "./kernels/every-family.ts";
import { createLibrary } from "./library/library.ts";
import { detectors } from "./registry.ts";

useEveryFamily();
const library = createLibrary({ detectors, host: workerHost });

export { detectors };
export const { fit, detect, load, detectorById, threadCount, close } = library;
export * from "./core.ts";
