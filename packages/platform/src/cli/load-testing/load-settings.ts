/** What the options of `nomaly loadtest` say, and which of them belong to which test. */

import { type Expectation, parseExpectation } from "../../load-test/expectations.ts";
import { type Scenario, scenarioNumbers } from "../../load-test/scenario.ts";
import { findTarget, type Target } from "../../load-test/target.ts";
import type { Arguments } from "../frame/arguments.ts";
import { UsageError } from "../frame/exit-codes.ts";

export const loadTestKinds = ["detection", "training", "mixed"] as const;
export type LoadTestKind = (typeof loadTestKinds)[number];

/** Options that not all tests have. */
const kindsOfOption: Readonly<Record<string, readonly LoadTestKind[]>> = {
  data: ["detection", "training"],
  detector: ["detection"],
  "detector-type": ["training"],
  duration: ["detection", "mixed"],
  jobs: ["training"],
  rate: ["detection", "mixed"],
  "warm-up": ["detection", "mixed"],
  ramp: ["detection", "mixed"],
  rows: ["detection"],
  seed: ["detection", "mixed"],
};

/** Seconds. */
const durationDefault = 60;
const timeoutDefault = 30;
const concurrencyDefault = 50;

export interface LoadSettings {
  readonly durationMs: number;
  readonly concurrency: number;
  readonly ratePerSecond: number | undefined;
  readonly warmUpMs: number;
  readonly rampMs: number;
  readonly timeoutMs: number;
}

/** @throws UsageError for another word, and for an option of another test. */
export function loadTestKindOf(given: Arguments): LoadTestKind {
  const [word, file] = given.operands;
  const kind = loadTestKinds.find((name) => name === word);
  if (kind === undefined) throw new UsageError(`nomaly loadtest knows ${loadTestKinds.join(", ")}, not "${word}"`);
  if (kind === "mixed" && file === undefined) throw new UsageError("nomaly loadtest mixed needs SCENARIO.json");
  if (kind !== "mixed" && file !== undefined) {
    throw new UsageError(`nomaly loadtest ${kind} takes no argument "${file}"; its rows are given by --data FILE`);
  }
  for (const [option, kinds] of Object.entries(kindsOfOption)) {
    if (given.has(option) && !kinds.includes(kind))
      throw new UsageError(`--${option} is for nomaly loadtest ${kinds.join(" and ")}`);
  }
  return kind;
}

export function required(given: Arguments, option: string): string {
  const value = given.text(option);
  if (value === undefined) throw new UsageError(`nomaly loadtest ${given.operands[0]} needs --${option}`);
  return value;
}

/** The command line goes before the scenario. */
export function loadSettings(given: Arguments, scenario: Scenario["numbers"] = {}): LoadSettings {
  const numberOf = (field: keyof typeof scenarioNumbers) =>
    given.number(field.replaceAll("_", "-"), scenarioNumbers[field]) ?? scenario[field];
  const millisecondsOf = (field: keyof typeof scenarioNumbers, byDefault: number) => (numberOf(field) ?? byDefault) * 1000;
  return {
    durationMs: millisecondsOf("duration", durationDefault),
    concurrency: numberOf("concurrency") ?? concurrencyDefault,
    ratePerSecond: numberOf("rate"),
    warmUpMs: millisecondsOf("warm_up", 0),
    rampMs: millisecondsOf("ramp", 0),
    timeoutMs: millisecondsOf("timeout", timeoutDefault),
  };
}

export function targetOf(given: Arguments): Promise<Target> {
  const fromEnvironment = process.env["NOMALY_API_KEY"];
  return findTarget({
    url: required(given, "url"),
    apiKey: given.text("api-key") ?? (fromEnvironment === "" ? undefined : fromEnvironment),
    isOwned: given.has("i-own-this-target"),
  });
}

export function expectationsOf(given: Arguments, fields: readonly string[]): Expectation[] {
  return given.texts("expect").map((text) => parseExpectation(text, fields, "--expect"));
}

export function seedOf(given: Arguments): number {
  return given.number("seed", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }) ?? 1;
}
