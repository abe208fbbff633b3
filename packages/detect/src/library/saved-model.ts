/** Writes a fitted model into one buffer, and reads it back with every part checked. */

import type { AnyDetector, ModelState, StateArray, StateValue } from "../detector/detector.ts";
import type { ParamValue } from "../detector/params.ts";
import { damaged } from "../detector/state.ts";
import { NomalyError } from "../errors.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import { decodeModelFile, encodeModelFile } from "../model-file/index.ts";
import { hasPresenceColumn, pipelineWidth } from "../pipeline/pipeline.ts";
import { parsePipeline } from "../pipeline/pipeline-state.ts";
import { restoreRanker } from "../thresholds/rank.ts";
import type { ThresholdSpec } from "../thresholds/threshold-spec.ts";
import { parseThreshold } from "../thresholds/threshold-spec.ts";
import type { OwnBytes } from "../shared-memory.ts";
import { libraryVersion } from "../version.ts";
import type { ModelParts } from "./anomaly-model.ts";

const kind = "nomaly-model";
/** Prefix of the names of the detector's own arrays; the library's arrays have none. */
const statePrefix = "state.";
const rankArray = "rank.orderStatistics";

export function saveModel(parts: ModelParts): OwnBytes {
  const state = parts.model.toState();
  const arrays: Record<string, StateArray> = { [rankArray]: parts.ranker().state.orderStatistics };
  for (const [name, array] of Object.entries(state.arrays)) arrays[statePrefix + name] = array;
  const header = {
    kind,
    library_version: libraryVersion,
    detector: { id: parts.detector.id, params: parts.params },
    seed: parts.seed,
    threshold: { value: parts.threshold, spec: parts.thresholdSpec },
    training: { row_count: parts.trainingRowCount },
    pipeline: parts.pipeline as unknown as StateValue,
    state: state.values,
  };
  return encodeModelFile({ header, arrays }, hasPresenceColumn(parts.pipeline) ? 2 : 1);
}

/** @throws NomalyError MODEL_FILE when the bytes are no model of ours, UNKNOWN_DETECTOR when its detector is not among those given. */
export function openModel(bytes: Uint8Array, detectors: readonly AnyDetector[], kernels: KernelSet): ModelParts {
  const { header, arrays } = decodeModelFile(bytes);
  if (header["kind"] !== kind) throw damaged("kind", `"${kind}"`);
  const { id, params } = recordOf(header["detector"], "detector");
  if (typeof id !== "string") throw damaged("detector", "a detector's id");
  const detector = detectors.find((candidate) => candidate.id === id);
  if (detector === undefined) {
    throw new NomalyError("UNKNOWN_DETECTOR", `the model's detector "${id}" is not known here`, { received: id });
  }
  const { value: threshold, spec } = recordOf(header["threshold"], "threshold");
  if (typeof threshold !== "number") throw damaged("threshold", "a number");
  const { seed } = header;
  if (typeof seed !== "number" || !Number.isSafeInteger(seed) || seed < 0) throw damaged("seed", "a whole number");
  const pipeline = parsePipeline(header["pipeline"]);
  const model = detector.restore(stateOf(recordOf(header["state"], "state"), arrays), kernels);
  const width = pipelineWidth(pipeline);
  if (model.columnCount !== width) throw damaged("pipeline", `${model.columnCount} encoded columns, got ${width}`);
  const orderStatistics = arrays[rankArray];
  if (!(orderStatistics instanceof Float64Array)) throw damaged(rankArray, "an array of float64");
  const rowCount = Number(recordOf(header["training"], "training")["row_count"]);
  const ranker = restoreRanker({ orderStatistics, rowCount });
  return {
    detector,
    params: parseSavedParams(params),
    seed,
    pipeline,
    thresholdSpec: parseSavedThreshold(spec),
    threshold,
    ranker: () => ranker,
    trainingRowCount: rowCount,
    model,
  };
}

function stateOf(values: Readonly<Record<string, StateValue>>, arrays: Readonly<Record<string, StateArray>>): ModelState {
  const own = Object.entries(arrays).filter(([name]) => name.startsWith(statePrefix));
  return { values, arrays: Object.fromEntries(own.map(([name, array]) => [name.slice(statePrefix.length), array])) };
}

/** Saved parameters are only a record to show, so they are not checked by specs: a later version may have other parameters. */
function parseSavedParams(data: StateValue | undefined): Readonly<Record<string, ParamValue>> {
  const entries = Object.entries(recordOf(data, "params"));
  for (const [name, value] of entries) {
    if (!["number", "string", "boolean"].includes(typeof value)) throw damaged(`params.${name}`, "a number, text or boolean");
  }
  return Object.freeze(Object.fromEntries(entries)) as Readonly<Record<string, ParamValue>>;
}

function parseSavedThreshold(data: StateValue | undefined): ThresholdSpec {
  try {
    return parseThreshold(recordOf(data, "threshold"));
  } catch (error) {
    if (error instanceof NomalyError && error.code === "PARAM") throw damaged("threshold", "a threshold method", error);
    throw error;
  }
}

function recordOf(data: StateValue | undefined, name: string): Readonly<Record<string, StateValue>> {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw damaged(name, "an object");
  return data as Readonly<Record<string, StateValue>>;
}
