/** How a part declares each of its metrics (kind, unit, meaning). The type of its numbers, the health check and `/metrics` follow from that. */

/** What differs at Prometheus. */
interface Outside {
  /** The name without the `_total` of a counter; by default the name of the property in snake_case. */
  readonly name?: string;
  /** The part counts milliseconds; Prometheus gets seconds. */
  readonly unit?: "ms";
}

export interface Metric extends Outside {
  /** A `counter` only grows, a `gauge` is a value of now or a setting, a `flag` is a gauge of 0 and 1. */
  readonly kind: "counter" | "gauge" | "flag";
  readonly help: string;
}

/** The health check shows texts; Prometheus takes numbers only. */
export interface Text<Value extends string | undefined> {
  readonly kind: "text";
  /** Never set: by this the type of the text is known to `StatsOf`. */
  readonly example?: Value;
}

/** Several things with the same metrics: the name of each becomes the value of a label. */
export interface Labelled<Name extends string, Each> {
  readonly kind: "labelled";
  readonly label: string;
  readonly each: Each;
  readonly names?: readonly Name[];
}

/** A part that some installations lack, such as a replica. */
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

/** A number for each metric, which its owner increases. */
export type CountsOf<Metrics> = { -readonly [Name in keyof Metrics]: number };

export function countsOf<Metrics extends object>(metrics: Metrics): CountsOf<Metrics> {
  return Object.fromEntries(Object.keys(metrics).map((name) => [name, 0])) as CountsOf<Metrics>;
}

export interface CountedPart {
  /** The second word of the metric names: `nomaly_{name}_...`. */
  readonly name: string;
  readonly stats: () => object;
  /** Declares what `stats` gives. */
  readonly metrics: object;
}

export function countedPart<Metrics extends object>(name: string, metrics: Metrics, stats: () => StatsOf<Metrics>): CountedPart {
  return { name, metrics, stats };
}
