/** Turns the fit options of a command line into options of the library. */

import { defaultDetectorId, defaultSeed, detectorById, paramFromText, thresholdMethods } from "@nomaly/detect";
import { rowCountWithinBudget } from "../../files/sample/row-budget.ts";
import { columnsByUse } from "../../table-work/columns-by-use.ts";
import { requireColumns } from "../../table-work/file-errors.ts";
import type { FitRequest } from "../../table-work/fit-table.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import { type Arguments, splitList } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { threadCountOf } from "./open-input.ts";
import { columnOptions, fitOptions } from "../frame/options.ts";

export interface AskedFit extends FitRequest {
  /** Decisions made without an option, to tell the user. */
  readonly notes: readonly string[];
}

/** @throws NomalyError or UsageError for an unknown column, algorithm or parameter. */
export async function fitRequest(given: Arguments, context: CliContext, table: GivenTable, detector?: string): Promise<AskedFit> {
  const threads = threadCountOf(given);
  const categorical = given.list("categorical");
  const [named, exclude] = [given.list("columns"), given.list("exclude") ?? []];
  const [label, id] = [given.text("label"), given.text("id")];
  const marked = [...new Set([label, id].filter((name) => name !== undefined))];
  requireColumns(table, categorical ?? [], "categorical");
  requireColumns(table, named ?? [], "columns");
  requireColumns(table, exclude, "exclude");
  requireColumns(table, [label], "label");
  requireColumns(table, [id], "id");
  const { learned, earlier } = columnsByUse(table, { columns: named, exclude, marked });
  const seed = given.number("seed", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }) ?? defaultSeed;
  const threshold = thresholdOf(given);
  const options = {
    detector: detectorById(detector ?? given.text("algorithm") ?? defaultDetectorId).id,
    params: paramsOf(given),
    seed,
    signal: context.signal,
    // The fit uses columns that are named even if they look like identifiers.
    ...(given.has("columns") ? { columns: learned } : { exclude: marked }),
    ...(categorical === undefined ? {} : { categorical: categorical.filter((name) => learned.includes(name)) }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(threads === undefined ? {} : { threads }),
    ...choice(given, "scaling"),
    ...choice(given, "missing"),
    ...choice(given, "categories"),
  } as FitRequest["options"];
  const columns = [...learned, ...marked];
  return {
    options,
    columns,
    label,
    shownColumns: marked.filter((name) => name === id),
    notes: earlier.length === 0 ? [] : [`scores of an earlier run are not learned from: ${earlier.join(", ")}`],
    fitRowCountMax:
      given.number("fit-rows", { min: 1, max: 1e9, whole: true }) ?? (await rowCountWithinBudget(table.rows, columns)),
  };
}

/** @throws UsageError for a fit option, which a command that does not fit would ignore. */
export function refuseFitOptions(given: Arguments, why: string, allowed: readonly string[] = []): void {
  for (const { name } of [...fitOptions, ...columnOptions]) {
    if (given.has(name) && !allowed.includes(name)) throw new UsageError(`--${name} is about fitting: ${why}`);
  }
}

function choice(given: Arguments, name: string): Readonly<Record<string, string>> {
  const value = given.text(name);
  return value === undefined ? {} : { [name]: value };
}

/** `--set n_neighbors=10 --set metric=manhattan`. */
function paramsOf(given: Arguments): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const assignment of given.texts("set")) {
    const at = assignment.indexOf("=");
    if (at < 1) throw new UsageError(`--set needs NAME=VALUE, got "${assignment}"`);
    const name = assignment.slice(0, at).trim();
    if (Object.hasOwn(params, name)) throw new UsageError(`--set ${name} is given twice`);
    params[name] = paramFromText(assignment.slice(at + 1).trim());
  }
  return params;
}

/** `0.6` (a score), `iqr`, `iqr:factor=3`, `extreme-value:level=0.95,risk=0.01`. */
export function thresholdOf(given: Arguments): Readonly<Record<string, unknown>> | undefined {
  const contamination = given.number("contamination", { above: 0, max: 0.5 });
  const text = given.text("threshold");
  if (text === undefined) return contamination === undefined ? undefined : { method: "contamination", contamination };
  if (contamination !== undefined) throw new UsageError("--threshold and --contamination exclude each other");
  const fixed = Number(text);
  if (text.trim() !== "" && !Number.isNaN(fixed)) return { method: "fixed", value: fixed };
  const [method, params = ""] = text.split(":", 2);
  const spec: Record<string, unknown> = { method };
  for (const pair of splitList(params)) {
    const [name, value] = pair.split("=", 2);
    if (value === undefined) {
      throw new UsageError(
        `--threshold must be a score or ${Object.keys(thresholdMethods).join(", ")} with NAME=VALUE after a colon, got "${text}"`,
      );
    }
    spec[name.trim()] = paramFromText(value.trim());
  }
  return spec;
}
