/** Reads parts of a model's state with their types and lengths checked: a state may come from an untrusted file. */

import { NomalyError } from "../errors.ts";
import type { ModelState, StateArray } from "./detector.ts";

type ArrayType<A extends StateArray> = { new (length: number): A; readonly name: string };

/** @throws NomalyError MODEL_FILE when the array is missing, of another type, or of another length. */
export function stateArray<A extends StateArray>(state: ModelState, name: string, type: ArrayType<A>, length?: number): A {
  const array = state.arrays[name];
  if (!(array instanceof type)) throw damaged(name, `an array of type ${type.name}`);
  if (length !== undefined && array.length !== length) throw damaged(name, `${length} entries, got ${array.length}`);
  return array;
}

/** @throws NomalyError MODEL_FILE when the value is missing or no finite number in [min, max]. */
export function stateNumber(
  state: ModelState,
  name: string,
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
): number {
  const value = state.values[name];
  if (typeof value !== "number" || !(value >= min && value <= max)) throw damaged(name, `a number from ${min} to ${max}`);
  return value;
}

/** @throws NomalyError MODEL_FILE when the value is missing or no whole number in [min, max]. */
export function stateInteger(state: ModelState, name: string, min: number, max: number): number {
  const value = stateNumber(state, name, min, max);
  if (!Number.isInteger(value)) throw damaged(name, "a whole number");
  return value;
}

/** @throws NomalyError MODEL_FILE when the value is missing or no boolean. */
export function stateBoolean(state: ModelState, name: string): boolean {
  const value = state.values[name];
  if (typeof value !== "boolean") throw damaged(name, "true or false");
  return value;
}

/** @throws NomalyError MODEL_FILE when the value is not one of the choices. */
export function stateChoice<const C extends string>(state: ModelState, name: string, choices: readonly C[]): C {
  const value = state.values[name];
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw damaged(name, `one of ${choices.join(", ")}`);
  return found;
}

/** Refuses indexes outside [0, limit), before anything walks a tree or a neighbour list by them. */
export function requireIndexes(name: string, indexes: Int32Array | Uint32Array | Uint16Array, limit: number): void {
  for (const index of indexes) if (index < 0 || index >= limit) throw damaged(name, `indexes below ${limit}, got ${index}`);
}

/** Refuses NaN and infinity, before rows are compared with the values. */
export function requireFiniteValues(name: string, values: Float64Array | Float32Array): void {
  for (const value of values) if (!Number.isFinite(value)) throw damaged(name, `finite numbers, got ${value}`);
}

/** @throws NomalyError MODEL_FILE when the array is missing, of another length, or holds what is not finite. */
export function stateFiniteArray(state: ModelState, name: string, length?: number): Float64Array {
  const array = stateArray(state, name, Float64Array, length);
  requireFiniteValues(name, array);
  return array;
}

/** The error for a part of a state that breaks a rule which the readers above do not check. */
export function damaged(name: string, expected: string, cause?: unknown): NomalyError {
  const details = { field: name, expected, ...(cause === undefined ? {} : { cause }) };
  return new NomalyError("MODEL_FILE", `the model's state has no valid "${name}"; expected ${expected}`, details);
}
