/** The entry functions: fit, detect and load over a given list of detectors. */

import type { AnyDetector, FitContext } from "../detector/detector.ts";
import { nearestName } from "../detector/nearest-name.ts";
import type { ParamsById, ParamValue, UncheckedParams } from "../detector/params.ts";
import { parseParams, snakeCase } from "../detector/params.ts";
import { NomalyError, throwIfAborted } from "../errors.ts";
import { chooseKernels } from "../kernels/choose.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import type { RowsInput } from "../pipeline/column-source.ts";
import { columnSource } from "../pipeline/column-source.ts";
import { encodePieces } from "../pipeline/encode.ts";
import { learnPieces } from "../pipeline/learn.ts";
import { narrowPipeline } from "../pipeline/narrow.ts";
import { createRandom } from "../random.ts";
import type { Ranker } from "../thresholds/rank.ts";
import { createRanker, rankStateOf } from "../thresholds/rank.ts";
import { fitThreshold } from "../thresholds/threshold.ts";
import type { ThresholdSpec } from "../thresholds/threshold-spec.ts";
import { parseThreshold } from "../thresholds/threshold-spec.ts";
import type { WorkerHost } from "../threads/worker-host.ts";
import type { AnomalyModel, Predictions } from "./anomaly-model.ts";
import { createAnomalyModel } from "./anomaly-model.ts";
import type { FitOptions, ParamsFor, UncheckedOptions } from "./fit-options.ts";
import { defaultDetectorId, defaultSeed } from "./fit-options.ts";
import { openModel } from "./saved-model.ts";
import { createThreadSource } from "./thread-source.ts";
import { inTurns } from "../threads/pieces.ts";

/** The names of all options, to refuse mistyped ones in JavaScript, where types are not checked. */
const fitOptionNames: Readonly<Record<keyof UncheckedOptions, true>> = {
  detector: true,
  params: true,
  contamination: true,
  threshold: true,
  seed: true,
  columns: true,
  exclude: true,
  categorical: true,
  scaling: true,
  missing: true,
  categories: true,
  threads: true,
  signal: true,
  progress: true,
};

/** What `detect` found in the rows it learned from, and the model. */
export interface Detection extends Predictions {
  /** The fitted model, for further rows. */
  readonly model: AnomalyModel;
}

/** The entry functions, for detectors of which `Table` has the parameters by their ids. */
export interface Library<Table = Readonly<Record<string, UncheckedParams>>> {
  /** The detectors that the library knows. */
  readonly detectors: readonly AnyDetector<keyof Table & string>[];
  /**
   * Learns from rows.
   * @throws NomalyError PARAM, UNKNOWN_DETECTOR, COLUMN, SHAPE, NOT_FINITE, TOO_FEW_ROWS for bad input, ABORTED by the signal.
   */
  readonly fit: <const Id extends (keyof Table & string) | undefined>(
    rows: RowsInput,
    options?: FitOptions<Id, ParamsFor<Table, Id>>,
  ) => Promise<AnomalyModel>;
  /** Learns from rows and judges the same rows by their training scores (a row is not its own neighbour). */
  readonly detect: <const Id extends (keyof Table & string) | undefined>(
    rows: RowsInput,
    options?: FitOptions<Id, ParamsFor<Table, Id>>,
  ) => Promise<Detection>;
  /** Reads what `save` wrote. @throws NomalyError MODEL_FILE, UNKNOWN_DETECTOR. */
  readonly load: (bytes: Uint8Array) => AnomalyModel;
  /** The detector of an id that is known only when the program runs. @throws NomalyError UNKNOWN_DETECTOR with the nearest id. */
  readonly detectorById: (id: string) => AnyDetector<keyof Table & string>;
  /** Whether a text is the id of a detector: where it is, the type of the text allows it as the option `detector`. */
  readonly isDetectorId: (text: string) => text is keyof Table & string;
  /** Threads that "auto" uses. */
  readonly threadCount: () => number;
  /** Ends worker threads at once; the next call that needs some starts new ones. */
  readonly close: () => Promise<void>;
}

/** What a library is made of. */
export interface LibraryOptions<D extends AnyDetector = AnyDetector> {
  /** The detectors that `fit` and `load` know. */
  readonly detectors: readonly D[];
  /** Gives worker threads; without one everything runs on the caller's thread. Its workers must know the same detectors. */
  readonly host?: WorkerHost;
  /** Default: the fastest that this engine runs. */
  readonly kernels?: KernelSet;
}

/** The entry functions over the given detectors: their ids and parameters are checked by the compiler. */
export function createLibrary<const D extends AnyDetector>(options: LibraryOptions<D>): Library<ParamsById<D>> {
  const { detectors } = options;
  // Chosen when first needed, so that importing the library compiles nothing.
  let chosen = options.kernels;
  const kernelSet = () => (chosen ??= chooseKernels());
  const threads = createThreadSource(detectors, options.host);

  function detectorById(id: string): D {
    const detector = detectors.find((candidate) => candidate.id === id);
    if (detector !== undefined) return detector;
    const ids = detectors.map((candidate) => candidate.id);
    const nearest = nearestName(id, ids);
    const hint = nearest === undefined ? `known: ${ids.join(", ")}` : `did you mean "${nearest}"?`;
    throw new NomalyError("UNKNOWN_DETECTOR", `there is no detector "${id}"; ${hint}`, { field: "detector", received: id });
  }

  async function detect(rows: RowsInput, given: UncheckedOptions = {}): Promise<Detection> {
    const detector = detectorById(given.detector ?? defaultDetectorId);
    requireKnownOptions(given, detector);
    const params = parseParams(detector.id, detector.params, given.params ?? {});
    const thresholdSpec = thresholdOf(given);
    const seed = requireSeed(given.seed ?? defaultSeed);
    throwIfAborted(given.signal);
    const source = columnSource(rows);
    requireRows(detector, source.rowCount);
    const learned = await inTurns(learnPieces(source, given, detector.traits.unitsMatter), given.signal);
    const pipeline = narrowPipeline(learned, detector.id, detector.traits.columnMaximum);
    const matrix = await inTurns(encodePieces(pipeline, source, true), given.signal);
    const context: FitContext = {
      random: createRandom(seed),
      kernels: kernelSet(),
      threads: threads.open(given.threads, matrix.values.length),
      ...(given.signal === undefined ? {} : { signal: given.signal }),
      ...(given.progress === undefined ? {} : { progress: given.progress }),
    };
    const { model, trainingScores } = await detector.fit(matrix, params as never, context);
    const parts = {
      detector,
      params: params as Readonly<Record<string, ParamValue>>,
      seed,
      pipeline,
      thresholdSpec,
      threshold: fitThreshold(trainingScores, thresholdSpec),
      ranker: laterRanker(trainingScores, context.kernels),
      trainingRowCount: trainingScores.length,
      model,
    };
    const anomalyModel = createAnomalyModel(parts, context.kernels, threads.open);
    const predictions = anomalyModel.judge(trainingScores);
    // A getter stays one, as a spread would compute its value.
    const members = Object.getOwnPropertyDescriptors(predictions);
    return Object.defineProperties({ model: anomalyModel }, members) as Detection;
  }

  type Typed = Library<ParamsById<D>>;
  const fit = async (rows: RowsInput, given?: UncheckedOptions) => (await detect(rows, given)).model;
  return {
    detectors,
    // Whatever the types promise, the options are checked as those of JavaScript are.
    fit: fit as Typed["fit"],
    detect: detect as Typed["detect"],
    load: (bytes) => createAnomalyModel(openModel(bytes, detectors, kernelSet()), kernelSet(), threads.open),
    detectorById,
    isDetectorId: (text): text is D["id"] => detectors.some(({ id }) => id === text),
    threadCount: threads.count,
    close: threads.close,
  };
}

/** Sorts the training scores when ranks are first asked for, so that callers who only want scores and labels do not wait. */
function laterRanker(trainingScores: Float64Array, kernels: KernelSet): () => Ranker {
  let ranker: Ranker | undefined;
  // A copy, since the caller gets the scores and may write to them.
  let scores: Float64Array | undefined = trainingScores.slice();
  return () => {
    if (ranker === undefined || scores !== undefined) {
      const sorted = scores as Float64Array;
      kernels.sortColumn(sorted, new Uint32Array(sorted.length));
      ranker = createRanker(rankStateOf(sorted));
      scores = undefined;
    }
    return ranker;
  };
}

function requireKnownOptions(given: UncheckedOptions, detector: AnyDetector): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(fitOptionNames, name)) continue;
    const names = Object.keys(fitOptionNames);
    const nearest = nearestName(name, names);
    const params = Object.keys(detector.params);
    const isParam = params.some((param) => name === param || name === snakeCase(param));
    const otherwise = nearest === undefined ? `known: ${names.join(", ")}` : `did you mean "${nearest}"?`;
    const hint = isParam ? `it is a parameter of ${detector.id}: give it in params` : otherwise;
    throw new NomalyError("PARAM", `there is no option "${name}"; ${hint}`, { field: name, received: name });
  }
}

function thresholdOf({ threshold, contamination }: UncheckedOptions): ThresholdSpec {
  if (threshold === undefined) return parseThreshold(contamination === undefined ? {} : { contamination });
  if (contamination === undefined) return parseThreshold(threshold);
  throw new NomalyError("PARAM", "contamination is a threshold by itself: give it or threshold, not both", {
    field: "contamination",
  });
}

function requireRows(detector: AnyDetector, rowCount: number): void {
  const { rowMinimum } = detector.traits;
  if (rowCount >= rowMinimum) return;
  throw new NomalyError("TOO_FEW_ROWS", `${detector.id} needs at least ${rowMinimum} rows to learn from, got ${rowCount}`, {
    field: "rows",
    expected: `at least ${rowMinimum}`,
    received: String(rowCount),
  });
}

function requireSeed(seed: number): number {
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new NomalyError("PARAM", `seed must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got ${String(seed)}`, {
    field: "seed",
    received: String(seed),
  });
}
