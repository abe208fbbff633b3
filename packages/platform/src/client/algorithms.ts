/** Calls that list the algorithms that detectors can use. */

import { type CallOptions, json, type Transport } from "./transport.ts";

/** A parameter of an algorithm. */
export interface AlgorithmParameter {
  /** Its name in the `hyperparameters` of a detector, such as `n_estimators`. */
  readonly name: string;
  /** `number`, `integer`, `boolean`, `choice`, or `number-or-word`. */
  readonly kind: string;
  /** Its value where a detector gives none. */
  readonly default: number | string | boolean;
  /** The values that are allowed, in words: "a whole number from 1 to 100". */
  readonly range: string;
  /** Lower end of the numbers that are allowed; the range tells whether it is allowed itself. */
  readonly min?: number | undefined;
  /** Upper end of the numbers that are allowed; absent where there is no end. */
  readonly max?: number | undefined;
  /** The words that are allowed, of a choice and of `number-or-word`. */
  readonly choices?: readonly string[] | undefined;
  /** What it does, in one sentence. */
  readonly description: string;
}

/** A method of finding anomalies, which a detector uses. */
export interface Algorithm {
  /** Its name, the `algorithm_name` of detectors. */
  readonly id: string;
  /** What it does, in one sentence. */
  readonly description: string;
  /** What can be set in the `hyperparameters` of a detector; empty where nothing can. */
  readonly parameters: readonly AlgorithmParameter[];
  /** What may be relied upon, by name: `learns_incrementally`, `explains`, `row_minimum` and so on. */
  readonly traits: Readonly<Record<string, unknown>>;
}

/** Calls that tell which algorithms there are. */
export interface Algorithms {
  /** All algorithms, with their parameters. */
  list(options?: CallOptions): Promise<readonly Algorithm[]>;
  /** One algorithm by its id, such as `isolation-forest`. @throws ServiceError `UNKNOWN_DETECTOR`. */
  get(id: string, options?: CallOptions): Promise<Algorithm>;
}

export function algorithmsOf({ call }: Transport): Algorithms {
  return {
    list: async (options) =>
      (await call({ route: "GET /api/algorithms" }, json<{ readonly items: readonly Algorithm[] }>, options)).items,
    get: (id, options) => call({ route: "GET /api/algorithms/:id", id }, json<Algorithm>, options),
  };
}
