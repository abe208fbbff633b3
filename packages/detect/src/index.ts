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
import type { FitOptions as OptionsOf } from "./library/fit-options.ts";
import { createLibrary, type Library } from "./library/library.ts";
import { type DetectorId, type DetectorParams, detectors } from "./registry.ts";

useEveryFamily();
const library: Library<DetectorParams> = createLibrary({ detectors, host: workerHost });

export { type DetectorId, type DetectorParams, detectors };
/**
 * Learns from rows: `fit(rows, { detector: "knn", params: { nNeighbors: 10 } })`; isolation-forest by default.
 * @throws NomalyError PARAM, UNKNOWN_DETECTOR, COLUMN, SHAPE, NOT_FINITE, TOO_FEW_ROWS for bad input, ABORTED by the signal.
 */
export const fit: Library<DetectorParams>["fit"] = library.fit;
/**
 * Learns from rows and judges the same rows by their training scores (a row is not its own neighbour), with the options of {@link fit}.
 * @throws NomalyError what `fit` throws.
 */
export const detect: Library<DetectorParams>["detect"] = library.detect;
/** Reads what `save` wrote: a model of bit-equal scores. @throws NomalyError MODEL_FILE, UNKNOWN_DETECTOR. */
export const load: Library<DetectorParams>["load"] = library.load;
/** The detector of an id that is known only when the program runs. @throws NomalyError UNKNOWN_DETECTOR with the nearest id. */
export const detectorById: Library<DetectorParams>["detectorById"] = library.detectorById;
/** Whether a text is the id of a detector: where it is, its type allows it as the option `detector`. */
export const isDetectorId: Library<DetectorParams>["isDetectorId"] = library.isDetectorId;
/** Threads that `threads: "auto"` uses: the processor cores that this process may use; 1 where memory cannot be shared. */
export const threadCount: Library<DetectorParams>["threadCount"] = library.threadCount;
/** Ends worker threads at once; the next call that needs some starts new ones. */
export const close: Library<DetectorParams>["close"] = library.close;

/** Options of `fit` and `detect`: of any detector with its own parameters, or of the detectors named, `FitOptions<"knn">`. */
export type FitOptions<Id extends DetectorId = DetectorId> = {
  readonly [Each in Id]: OptionsOf<Each, DetectorParams[Each]>;
}[Id];
export * from "./core.ts";
