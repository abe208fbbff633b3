/** Reads `-a` and `--set`: which detectors, and the parameters of each. */

import { detectorById, type DetectorId, detectors, nearestName, NomalyError, paramFromText, snakeCase } from "@nomaly/detect";
import type { Arguments } from "../frame/arguments.ts";
import { UsageError } from "../frame/exit-codes.ts";

/** What the commands fit where no algorithm is named: the library's default is one fast model, a person's first look is worth more. */
export const commandDetectorId = "auto";

/** @param otherwise without `-a`. @throws NomalyError UNKNOWN_DETECTOR; UsageError for one that is named twice. */
export function askedDetectors(given: Arguments, otherwise: readonly string[] = [commandDetectorId]): readonly string[] {
  const asked = given.list("algorithm") ?? otherwise;
  if (asked.length === 0) throw new UsageError("-a needs an algorithm; nomaly detectors lists all");
  if (asked.length === 1 && asked[0] === "all") return tableDetectorIds();
  const ids = asked.map((id) => detectorById(id).id);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) throw new UsageError(`-a names ${twice} twice`);
  return ids;
}

/** Every detector but those that score series: to them the rows of a table have no order. */
export function tableDetectorIds(): DetectorId[] {
  return detectors.filter(({ traits }) => !traits.scoresSeries).map(({ id }) => id);
}

interface Assignment {
  /** Undefined for a parameter of every detector that has it. */
  readonly detector: string | undefined;
  readonly name: string;
  readonly value: number | string | boolean;
}

/**
 * `--set n_neighbors=10` sets the parameter of every detector that has it, `--set knn.n_neighbors=10` that of one, whatever the order.
 * @throws NomalyError PARAM for a parameter that no detector has; UsageError.
 */
export function paramsByDetector(texts: readonly string[], ids: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const assignments = texts.map((text) => assignmentOf(text, ids));
  for (const [index, { detector, name }] of assignments.entries()) {
    const isTwice = assignments.slice(0, index).some((other) => other.detector === detector && other.name === name);
    if (isTwice) throw new UsageError(`--set ${detector === undefined ? name : `${detector}.${name}`} is given twice`);
    if (detector === undefined) requireOwner(name, ids);
  }
  return ids.map((id) => {
    const shared = assignments.filter(({ detector, name }) => detector === undefined && (ids.length === 1 || has(id, name)));
    const own = assignments.filter(({ detector }) => detector === id);
    return Object.fromEntries([...shared, ...own].map(({ name, value }) => [name, value]));
  });
}

function assignmentOf(text: string, ids: readonly string[]): Assignment {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--set needs NAME=VALUE, got "${text}"`);
  const [path, value] = [text.slice(0, at).trim(), paramFromText(text.slice(at + 1).trim())];
  const dot = path.indexOf(".");
  if (dot < 0) return { detector: undefined, name: path, value };
  const detector = detectorById(path.slice(0, dot)).id;
  if (!ids.includes(detector))
    throw new UsageError(`--set ${path} is about ${detector}, which -a ${ids.join(",")} does not name`);
  return { detector, name: path.slice(dot + 1), value };
}

function requireOwner(name: string, ids: readonly string[]): void {
  if (ids.length === 1 || ids.some((id) => has(id, name))) return;
  const names = [...new Set(ids.flatMap((id) => Object.keys(detectorById(id).params).map(snakeCase)))];
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? `known: ${names.join(", ") || "none"}` : `did you mean "${nearest}"?`;
  const message = `none of ${ids.join(", ")} has a parameter "${name}"; ${hint}`;
  throw new NomalyError("PARAM", message, { field: name, received: name });
}

function has(id: string, name: string): boolean {
  return Object.keys(detectorById(id).params).some((own) => own === name || snakeCase(own) === name);
}
