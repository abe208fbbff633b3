/** Calls that list the algorithms that detectors can use. */

import { type CallOptions, json, type Transport } from "./transport.ts";

export interface AlgorithmParameter {
  readonly name: string;
  readonly kind: string;
  readonly default: number | string | boolean;
  readonly range: string;
  readonly description: string;
}

export interface Algorithm {
  readonly id: string;
  readonly description: string;
  readonly parameters: readonly AlgorithmParameter[];
  readonly traits: Readonly<Record<string, unknown>>;
}

export interface Algorithms {
  list(options?: CallOptions): Promise<readonly Algorithm[]>;
  get(id: string, options?: CallOptions): Promise<Algorithm>;
}

export function algorithmsOf({ call }: Transport): Algorithms {
  return {
    list: async (options) =>
      (await call({ route: "GET /api/algorithms" }, json<{ readonly items: readonly Algorithm[] }>, options)).items,
    get: (id, options) => call({ route: "GET /api/algorithms/:id", id }, json<Algorithm>, options),
  };
}
