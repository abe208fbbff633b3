/** The ways to set a threshold, and their parameters: the one definition from which parsing, help and docs come. */

import type { ParamSpecs, ParamsOf, ValueOf } from "../detector/params.ts";
import { parseParams } from "../detector/params.ts";
import { nearestName } from "../detector/nearest-name.ts";
import { NomalyError } from "../errors.ts";

interface ThresholdMethod {
  /** One sentence for help and docs. */
  readonly summary: string;
  readonly params: ParamSpecs;
}

/** Every method. A row is anomalous when its score is above the threshold, strictly. */
export const thresholdMethods = {
  contamination: {
    summary: "The share of training rows expected to be anomalous lies above it.",
    params: {
      contamination: {
        kind: "number",
        default: 0.1,
        min: 0,
        minExclusive: true,
        max: 0.5,
        summary: "Expected share of anomalies among the training rows.",
      },
    },
  },
  percentile: {
    summary: "A percentile of the training scores.",
    params: {
      percentile: {
        kind: "number",
        default: 95,
        min: 0,
        max: 100,
        summary: "Per cent of the training scores below the threshold.",
      },
    },
  },
  fixed: {
    summary: "A score that you give.",
    params: {
      value: {
        kind: "number",
        default: 0,
        min: -Number.MAX_VALUE,
        max: Number.MAX_VALUE,
        summary: "The threshold itself; must be given.",
      },
    },
  },
  iqr: {
    summary: "The third quartile plus a multiple of the interquartile range (Tukey's fence).",
    params: {
      factor: { kind: "number", default: 1.5, min: 0, max: 1e6, summary: "Multiple of the interquartile range." },
    },
  },
  mad: {
    summary: "The median plus a multiple of the robust standard deviation, MAD / 0.6745.",
    params: {
      factor: { kind: "number", default: 3.5, min: 0, max: 1e6, summary: "Multiple of the robust standard deviation." },
    },
  },
  "extreme-value": {
    summary: "Extrapolates the tail of the training scores to a rare event (peaks over threshold).",
    params: {
      level: {
        kind: "number",
        default: 0.98,
        min: 0.5,
        max: 1,
        maxExclusive: true,
        summary: "Quantile of the training scores above which the tail is fitted.",
      },
      risk: {
        kind: "number",
        default: 0.001,
        min: 0,
        minExclusive: true,
        max: 0.5,
        summary: "Chance that a row like the training rows lies above the threshold.",
      },
    },
  },
} as const satisfies Record<string, ThresholdMethod>;

type Methods = typeof thresholdMethods;
/** The ways to set a threshold, by name. */
export type ThresholdMethodName = keyof Methods;

/** A method with its parameters, complete and checked: `{ method: "contamination", contamination: 0.1 }`. */
export type ThresholdSpec = {
  readonly [Name in ThresholdMethodName]: { readonly method: Name } & ParamsOf<Methods[Name]["params"]>;
}[ThresholdMethodName];

/** A threshold as a caller gives it: `{ method: "iqr" }`, `{ contamination: 0.05 }`; what is left out keeps its default. */
export type GivenThreshold = {
  readonly [Name in ThresholdMethodName]: MethodOf<Name> & GivenParamsOf<Name>;
}[ThresholdMethodName];

// Without "readonly", so that the compiler's messages are short.
/** Without a method, contamination is meant. */
type MethodOf<Name> = Name extends "contamination" ? { method?: Name | undefined } : { method: Name };

/** The value of a fixed threshold has no default. */
type GivenParamsOf<Name extends ThresholdMethodName> = Name extends "fixed"
  ? { -readonly [Param in keyof Methods[Name]["params"]]: ValueOf<Methods[Name]["params"][Param]> }
  : { -readonly [Param in keyof Methods[Name]["params"]]?: ValueOf<Methods[Name]["params"][Param]> | undefined };

/** The threshold of a fit that asks for none: contamination 0.1. */
export const defaultThreshold: ThresholdSpec = Object.freeze({ method: "contamination", contamination: 0.1 });

/**
 * Completes and checks a threshold given by a caller, such as `{ method: "iqr", factor: 3 }`.
 * Without a method, `contamination` is meant.
 * @throws NomalyError PARAM naming the method or parameter, the limit and what came.
 */
export function parseThreshold(given: Readonly<Record<string, unknown>>): ThresholdSpec {
  const { method = "contamination", ...params } = given;
  if (typeof method !== "string" || !Object.hasOwn(thresholdMethods, method)) throw unknownMethod(method);
  const name = method as ThresholdMethodName;
  const parsed = parseParams(`threshold ${name}`, thresholdMethods[name].params as ParamSpecs, params);
  if (name === "fixed" && params["value"] === undefined) {
    throw new NomalyError("PARAM", "threshold fixed: value must be given, got nothing", { field: "value" });
  }
  return Object.freeze({ method: name, ...parsed }) as ThresholdSpec;
}

function unknownMethod(method: unknown): NomalyError {
  const names = Object.keys(thresholdMethods);
  const nearest = typeof method === "string" ? nearestName(method, names) : undefined;
  const hint = nearest === undefined ? `known: ${names.join(", ")}` : `did you mean "${nearest}"?`;
  const received = String(method);
  return new NomalyError("PARAM", `there is no threshold method "${received}"; ${hint}`, { field: "method", received });
}
