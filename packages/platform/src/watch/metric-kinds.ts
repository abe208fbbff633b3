/** What each number of a part is: its kind, unit and meaning, said once, where it is counted. The type of the numbers follows from it. */

interface Outside {
  /** Its name at Prometheus, without the `_total` of a counter; by default the name here in small letters. */
  readonly name?: string;
  /** Milliseconds here are seconds there. */
  readonly unit?: "ms";
}

export interface Metric extends Outside {
  /** `counter`: only grows. `gauge`: as it is now, or as it is set. `flag`: a gauge of 0 and 1. */
  readonly kind: "counter" | "gauge" | "flag";
  readonly help: string;
}

/** Shown by the health check only: a text is no metric. */
export interface Text<Value extends string | undefined> {
  readonly kind: "text";
  /** Never set: by this the type of the text is known to `StatsOf`. */
  readonly example?: Value;
}

/** Like things by name: the name becomes the value of a label. */
export interface Labelled<Name extends string, Each> {
  readonly kind: "labelled";
  readonly label: string;
  readonly each: Each;
  readonly names?: readonly Name[];
}

/** A part that is not always there, such as a replica. */
export interface Optional<Part> {
  readonly kind: "optional";
  readonly part: Part;
}

export const counter = (help: string, outside: Outside = {}) => ({ kind: "counter", help, ...outside }) as const;
export const gauge = (help: string, outside: Outside = {}) => ({ kind: "gauge", help, ...outside }) as const;
export const flag = (help: string) => ({ kind: "flag", help }) as const;
export const text = <Value extends string | undefined>(): Text<Value> => ({ kind: "text" });
export const optional = <Part>(part: Part): Optional<Part> => ({ kind: "optional", part });

export function labelled<Name extends string, Each>(label: string, names: readonly Name[], each: Each): Labelled<Name, Each> {
  return { kind: "labelled", label, names, each };
}

/** The numbers that a part gives of these metrics. */
export type StatsOf<Metrics> = { readonly [Name in keyof Metrics]: ValueOf<Metrics[Name]> };

type ValueOf<One> = One extends { readonly kind: "counter" | "gauge" }
  ? number
  : One extends { readonly kind: "flag" }
    ? boolean
    : One extends Text<infer Value>
      ? Value
      : One extends Labelled<infer Name, infer Each>
        ? Readonly<Record<Name, StatsOf<Each>>>
        : One extends Optional<infer Part>
          ? StatsOf<Part> | undefined
          : StatsOf<One>;

/** A number for each of them, to be counted up. */
export type CountsOf<Metrics> = { -readonly [Name in keyof Metrics]: number };

export function countsOf<Metrics extends object>(metrics: Metrics): CountsOf<Metrics> {
  return Object.fromEntries(Object.keys(metrics).map((name) => [name, 0])) as CountsOf<Metrics>;
}

/** A part of the service with its numbers. */
export interface CountedPart {
  /** Stands in the names: `nomaly_{name}_...`. */
  readonly name: string;
  readonly stats: () => object;
  /** Of what `stats` gives. */
  readonly metrics: object;
}

export function countedPart<Metrics extends object>(name: string, metrics: Metrics, stats: () => StatsOf<Metrics>): CountedPart {
  return { name, metrics, stats };
}
