/** The options of fit and detect, typed from the detectors' own definitions. */

import type { UncheckedParams } from "../detector/params.ts";
import type { PipelineOptions } from "../pipeline/learn.ts";
import type { GivenThreshold } from "../thresholds/threshold-spec.ts";
import type { ScoreOptions } from "./anomaly-model.ts";

/** The detector of a call that names none. */
export const defaultDetectorId = "isolation-forest";
/** The seed of a call that gives none. */
export const defaultSeed = 1;

/** The id that is meant where none is given: isolation-forest, where that is among the detectors. */
export type DefaultIdOf<Table> = typeof defaultDetectorId extends keyof Table ? typeof defaultDetectorId : keyof Table;

/**
 * The parameters of the detector of that id; where it may be any of all detectors, they are checked when the program runs.
 * `Id` includes undefined where the options have no `detector`: the default is meant.
 */
// No default of `fit`'s type parameter says so: editors would complete nothing but that default.
export type ParamsFor<Table, Id extends (keyof Table & string) | undefined> = undefined extends Id
  ? Table[DefaultIdOf<Table>]
  : [keyof Table] extends [Id]
    ? IsOne<Id> extends true
      ? Table[Id & keyof Table]
      : UncheckedParams
    : Table[Id & keyof Table];

type IsOne<T, Whole = T> = T extends unknown ? ([Whole] extends [T] ? true : false) : never;

/** Options of `fit` and `detect`, for the detectors of these ids with these parameters. */
export interface FitOptions<Id extends string | undefined = string, Params = UncheckedParams, Threshold = GivenThreshold>
  extends PipelineOptions, ScoreOptions {
  /** Id of the detector; default isolation-forest. */
  readonly detector?: Id;
  /** The detector's parameters; the others keep their defaults. */
  readonly params?: Params;
  /** Expected share of anomalies among the rows, in (0, 0.5]; default 0.1. Short for a threshold of that method. */
  readonly contamination?: number;
  /** How the threshold is set, such as `{ method: "iqr", factor: 3 }`; default contamination 0.1. */
  readonly threshold?: Threshold;
  /** Equal seeds give equal bits, on any number of threads; a whole number from 0 to 2^53 - 1, default 1. */
  readonly seed?: number;
}

/** Options that only the running program knows, such as those of a JSON file. */
export type UncheckedOptions = FitOptions<string, UncheckedParams, UncheckedParams>;
