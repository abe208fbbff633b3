/** The contract: what a detector and a model are. Everything else is built on these types. */

import type { KernelSet } from "../kernels/kernel-set.ts";
import type { Matrix } from "../matrix.ts";
import type { Random } from "../random.ts";
import type { Pieces } from "../threads/pieces.ts";
import type { Threads } from "../threads/threads.ts";
import type { ParamSpecs, ParamsOf } from "./params.ts";
import type { Traits } from "./traits.ts";

/** The resources of a fit. Nothing here changes the answer except `random`. */
export interface FitContext {
  /** The seeded source of all randomness. */
  readonly random: Random;
  /** The numeric operations to use; all sets give the same bits. */
  readonly kernels: KernelSet;
  /** Where tasks run. */
  readonly threads: Threads;
  /** Stops the fit. */
  readonly signal?: AbortSignal;
  /** Called with the share done, 0 to 1, never decreasing; where it is called at all, the last report is 1. */
  readonly progress?: (done: number) => void;
}

/** One array of a model's state; names are `camelCase`. */
export type StateArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** JSON-safe part of a state. Numbers must be finite; put others into an array. */
export type StateValue = number | string | boolean | null | readonly StateValue[] | { readonly [key: string]: StateValue };

/** All that a model is, as plain data: what a model file holds and what travels to a worker. */
export interface ModelState {
  /** Numbers, texts and lists of them. */
  readonly values: Readonly<Record<string, StateValue>>;
  /** Typed arrays by name. */
  readonly arrays: Readonly<Record<string, StateArray>>;
}

/**
 * A fitted detector. Immutable unless it is an {@link IncrementalModel}.
 * A row's score depends on the model and the row alone: the same bits whatever rows stand beside it.
 */
export interface Model {
  /** Columns that rows must have. */
  readonly columnCount: number;
  /**
   * Scores every row; higher is more anomalous. Neither reads nor keeps `scores`; does not keep or write `rows`.
   * Callers have checked width and finiteness (NaN may come only where the trait acceptsMissing says so).
   */
  scoreInto(rows: Matrix, scores: Float64Array): void;
  /** {@link scoreInto} in bounded pieces, the same bits: for a model that may need more than some ten milliseconds a row. */
  scorePieces?(rows: Matrix, scores: Float64Array): Pieces<void>;
  /** Plain data from which `restore` makes a model of bit-equal scores. May share memory with the model. */
  toState(): ModelState;
  /** `out[row * columnCount + column]`: what each column added to the row's score, as the trait `explains` claims. */
  contributionsInto?(rows: Matrix, out: Float64Array): void;
  /** Of a model that asks several others: who they are, and what each says. */
  readonly ensemble?: Ensemble;
}

/** The members of a model that asks several others. */
export interface Ensemble {
  /** Who takes part. */
  readonly members: readonly EnsembleMember[];
  /** Who takes no part, and why. */
  readonly leftOut: readonly AbsentMember[];
  /** `out[row * members.length + member]`: the row's mid-rank among the member's training scores, 0 to 1; higher is more anomalous. */
  midRanksInto(rows: Matrix, out: Float64Array): void;
}

/** A member that takes no part. */
export interface AbsentMember extends EnsembleMember {
  /** Why it takes no part, in words. */
  readonly reason: string;
}

/** A member of an ensemble. */
export interface EnsembleMember {
  /** Its name among the members. */
  readonly name: string;
  /** The detector that it is fitted by. */
  readonly detectorId: string;
  /** What it looks at, in a word or two; several members may look at the same. */
  readonly looksAt: string;
  /** What it finds, for people. */
  readonly sees: string;
}

/** A model that learns further, row by row in order. Score first, then update: always in that order. */
export interface IncrementalModel extends Model {
  /** Learns from further rows, in order. */
  update(rows: Matrix): void;
}

/** The size of a fit. */
export interface FitSize {
  /** Rows that are learned from. */
  readonly rowCount: number;
  /** Rows that are scored, those that are learned from among them. */
  readonly scoredRowCount: number;
  /** Columns that are learned from. */
  readonly columnCount: number;
}

/** What a fit gives. */
export interface Fitted<M extends Model = Model> {
  /** The fitted model. */
  readonly model: M;
  /** Scores of the rows fitted on, in their order. For neighbour methods a row is not its own neighbour. */
  readonly trainingScores: Float64Array;
}

/** A method with parameters. Stateless. */
export interface Detector<S extends ParamSpecs = ParamSpecs, M extends Model = Model, Id extends string = string> {
  /** Its name in options, files and on the command line, such as `isolation-forest`. */
  readonly id: Id;
  /** One sentence for lists and help. */
  readonly summary: string;
  /** What it claims about itself. */
  readonly traits: Traits;
  /** What its parameters may be. */
  readonly params: S;
  /**
   * Learns from rows. `train` is finite (unless acceptsMissing) and has at least `traits.rowMinimum` rows
   * and at most `traits.columnMaximum` columns.
   * @throws NomalyError PARAM when a parameter does not fit these rows, ABORTED when the signal fires.
   */
  fit(train: Matrix, params: ParamsOf<S>, context: FitContext): Promise<Fitted<M>>;
  /** Rebuilds a model from {@link Model.toState}. @throws NomalyError MODEL_FILE when the state is not one of ours. */
  restore(state: ModelState, kernels: KernelSet): M;
  /**
   * About how many seconds a fit takes on two processors, where that follows from the size of the table; without, only a fit of a
   * part of the rows can tell.
   */
  fitSeconds?(size: FitSize, params: ParamsOf<S>): number;
  /** The detectors that this one is composed of: their tasks and models are known wherever its own are. */
  readonly parts?: readonly AnyDetector[];
  /** Named pure tasks that this detector's fit sends to worker threads. */
  readonly tasks?: Readonly<Record<string, Task>>;
  /** Tasks of the shared structures it uses, by their names under `core`. Listed here, so that no bundle carries those of other detectors. */
  readonly sharedTasks?: Readonly<Record<string, Task>>;
}

/**
 * A pure function on plain data, looked up by name in a worker. Input and output must be structured-cloneable.
 * A long one may be a generator function that yields between bounded pieces: the caller's own thread lets events in there.
 */
export type Task = (input: never, kernels: KernelSet) => unknown;

/** Any detector, whatever its parameters: the type of the registry's entries. */
// A fit takes its own parameters, so a list of detectors can only promise to have parsed them by their own specs.
export type AnyDetector<Id extends string = string> = Omit<Detector<ParamSpecs, Model, Id>, "fit" | "fitSeconds"> & {
  /** Fits a model to the rows of `train`. */
  fit(train: Matrix, params: never, context: FitContext): Promise<Fitted>;
  /** About how many seconds a fit takes on two processors; see {@link Detector.fitSeconds}. */
  fitSeconds?(size: FitSize, params: never): number;
};

/** Keeps the literal types of id and specs, from which the options of `fit` and `detect` are typed. */
export function defineDetector<const S extends ParamSpecs, M extends Model, const Id extends string>(
  detector: Detector<S, M, Id>,
): Detector<S, M, Id> {
  return detector;
}
