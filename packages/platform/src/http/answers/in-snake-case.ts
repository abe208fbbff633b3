/** Renames all members to snake_case, as the API spells them. */

import { snakeCase } from "@nomaly/detect";

/** The recursion is as deep as the answers of our own services. */
export function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snakeCase(name), inSnakeCase(part)]));
}
