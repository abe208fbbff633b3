/** Corners of a detector's parameters, made from its specs: one parameter at a bound of its range or at another choice. */

import type { NumberOrWordSpec, NumberSpec, IntegerSpec, ParamSpec, ParamSpecs, ParamValue } from "../detector/params.ts";

/** Parameters at the end of their ranges. */
export interface Corner {
  /** `default`, or `name=value`. */
  readonly label: string;
  /** The parameters. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** True when a boolean, a choice or a word differs from its default: the detector may then follow another rule. */
  readonly isSwitched: boolean;
}

/** Largest whole number tried beyond a default, so that a corner costs about what the default costs. */
const growth = 2;

/** The defaults first, then one corner for each other value tried of each parameter. */
export function cornersOf(specs: ParamSpecs): Corner[] {
  const corners: Corner[] = [{ label: "default", params: {}, isSwitched: false }];
  for (const [name, spec] of Object.entries(specs)) {
    for (const value of valuesOf(spec)) {
      corners.push({ label: `${name}=${String(value)}`, params: { [name]: value }, isSwitched: typeof value !== "number" });
    }
  }
  return corners;
}

/** {@link cornersOf}, and every pair of corners that set different parameters. */
export function cornerPairsOf(specs: ParamSpecs): Corner[] {
  const singles = cornersOf(specs);
  const pairs = singles.slice(1).flatMap((first, index) =>
    singles
      .slice(index + 2)
      .filter(({ params }) => Object.keys(params)[0] !== Object.keys(first.params)[0])
      .map((second) => ({
        label: `${first.label} ${second.label}`,
        params: { ...first.params, ...second.params },
        isSwitched: first.isSwitched || second.isSwitched,
      })),
  );
  return [...singles, ...pairs];
}

/** Values other than the default. */
function valuesOf(spec: ParamSpec): ParamValue[] {
  const values = candidatesOf(spec).filter((value) => value !== spec.default);
  return [...new Set(values)];
}

function candidatesOf(spec: ParamSpec): ParamValue[] {
  switch (spec.kind) {
    case "boolean":
      return [false, true];
    case "choice":
      return [...spec.choices];
    case "integer":
      return [lowest(spec, true), highest(spec, spec.default, true)];
    case "number":
      return [lowest(spec, false), highest(spec, spec.default, false)];
    case "number-or-word": {
      const isInteger = spec.integer === true;
      const middle = typeof spec.default === "number" ? spec.default : usualOf(spec);
      return [...spec.words, lowest(spec, isInteger), isInteger ? Math.round(middle) : middle, highest(spec, middle, isInteger)];
    }
  }
}

type Ranged = IntegerSpec | NumberSpec | NumberOrWordSpec;

/** A number to try in the place of a word such as "auto". */
function usualOf(spec: NumberOrWordSpec): number {
  const high = Math.min(spec.max, 16);
  const low = Math.max(spec.min, spec.max <= 1 ? 0 : 1);
  return (low + high) / 2;
}

/** The least value allowed, or -4 where that is lower; a little above a bound that itself is refused. */
function lowest(spec: Ranged, isInteger: boolean): number {
  const min = Math.max(spec.min, -4);
  if (isInteger) return Math.ceil(min);
  const isExclusive = "minExclusive" in spec && spec.minExclusive === true && min === spec.min;
  return isExclusive ? min + Math.min(1, spec.max - min) / 64 : min;
}

/** The largest value allowed when it is near the default, else twice the default. */
function highest(spec: Ranged, usual: number, isInteger: boolean): number {
  const limit = Math.max(growth * Math.abs(usual), isInteger ? 2 : 1);
  const max = Math.min(spec.max, limit);
  if (isInteger) return Math.floor(max);
  const isExclusive = "maxExclusive" in spec && spec.maxExclusive === true && max === spec.max;
  return isExclusive ? max - Math.min(1, max - spec.min) / 64 : max;
}
