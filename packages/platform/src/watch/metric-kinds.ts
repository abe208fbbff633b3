/** What each number of a part is, said where the number is made and held against its type: none is exported as what it is not. */

/** `counter`: only grows. `gauge`: as it is now. `limit`: set, or following from what is set. */
export type MetricKind = "counter" | "gauge" | "limit";

/** Where the number goes by another name outside. */
export interface NamedMetric {
  readonly kind: MetricKind;
  readonly name: string;
}

/** Like things by name: the name becomes the value of a label. */
export interface LabelledMetrics<Thing> {
  readonly label: string;
  readonly each: MetricKinds<Thing>;
}

/** A part of the service with its numbers. */
export interface CountedPart {
  /** Stands in the names: `nomaly_{name}_...`. */
  readonly name: string;
  readonly stats: () => object;
  /** As {@link MetricKinds} of what `stats` gives. */
  readonly kinds: object;
}

export function countedPart<Stats extends object>(name: string, stats: () => Stats, kinds: MetricKinds<Stats>): CountedPart {
  return { name, stats, kinds };
}

/** Every number and flag of these statistics. A text is no metric. */
export type MetricKinds<Stats> = { readonly [Name in keyof Stats]-?: KindOf<NonNullable<Stats[Name]>> };

type KindOf<Value> = Value extends number | boolean
  ? MetricKind | NamedMetric
  : Value extends string
    ? "text"
    : MetricKinds<Value> | LabelledMetrics<Value[keyof Value]>;
