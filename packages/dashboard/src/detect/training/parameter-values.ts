/** Reads what was typed into the fields of parameters. The service checks the values. */

import type { Algorithm } from "nomaly/client";

/** What was typed, by the name of the parameter; parameters that nobody touched are not here. */
export type Fields = Readonly<Record<string, string>>;

type Value = number | string | boolean;

/** The parameters that differ from their defaults. */
export function hyperparametersOf(algorithm: Algorithm | undefined, fields: Fields): Readonly<Record<string, Value>> {
  const values: Record<string, Value> = {};
  for (const { name, kind, default: usual } of algorithm?.parameters ?? []) {
    const text = fields[name]?.trim() ?? "";
    if (text === "") continue;
    const value = kind === "boolean" ? text === "true" : kind === "choice" ? text : (numberOf(text) ?? text);
    if (value !== usual) values[name] = value;
  }
  return values;
}

/** Undefined of a text that is no number. */
export function numberOf(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) ? undefined : value;
}
