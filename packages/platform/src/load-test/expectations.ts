/** Limits that a load test must keep, such as `p95<200`. */

import { NomalyError } from "@nomaly/detect";

export interface Expectation {
  /** As it was given. */
  readonly text: string;
  /** A field of the summary. */
  readonly field: string;
  readonly sign: "<" | "<=" | ">" | ">=";
  readonly limit: number;
}

export interface CheckedExpectation {
  readonly expectation: string;
  /** Null where the test gave no value. */
  readonly value: number | null;
  readonly is_met: boolean;
}

const form = /^\s*([a-z_0-9]+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/;

/**
 * @param fields of the summary; `p95` stands for `p95_response_time`, and so on.
 * @param where names the option or field that holds the text, for the message.
 * @throws NomalyError USAGE.
 */
export function parseExpectation(text: string, fields: readonly string[], where: string): Expectation {
  const found = form.exec(text);
  if (found === null) throw usage(where, `must be a field, a sign and a number, as in 'p95<200', got "${text}"`, text);
  const [, word, sign, limit] = found;
  const field = [word, `${word}_response_time`, `${word}_total_time`].find((name) => fields.includes(name));
  if (field === undefined) throw usage(where, `knows no field "${word}"; there are ${fields.join(", ")}`, word);
  return { text: text.trim(), field, sign: sign as Expectation["sign"], limit: Number(limit) };
}

/** A value that is not there keeps no limit. */
export function checkExpectation({ text, field, sign, limit }: Expectation, summary: object): CheckedExpectation {
  const value: unknown = (summary as Readonly<Record<string, unknown>>)[field];
  if (typeof value !== "number") return { expectation: text, value: null, is_met: false };
  return { expectation: text, value, is_met: keeps(value, sign, limit) };
}

function keeps(value: number, sign: Expectation["sign"], limit: number): boolean {
  switch (sign) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
  }
}

function usage(field: string, what: string, received: string): NomalyError {
  return new NomalyError("USAGE", `${field} ${what}`, { field, received });
}
