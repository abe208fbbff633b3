/** What a command line says about fitting, as options of the library. */

import type { FitOptions } from "@nomaly/detect";
import { defaultSeed, detectorById, NomalyError, paramFromText, thresholdMethods } from "@nomaly/detect";
import { rowCountWithinBudget } from "../../files/sample/row-budget.ts";
import { scoreColumns } from "../../files/write/score-columns.ts";
import type { Source } from "../../files/read/source.ts";
import type { Arguments } from "../frame/arguments.ts";
import { splitList } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { requireColumns, threadCountOf } from "./open-input.ts";
import { columnOptions, fitOptions } from "../frame/options.ts";

/** Columns that a message lists. */
const leftNameCount = 12;

export interface FitRequest {
  readonly options: FitOptions & { readonly seed: number };
  /** Most rows to learn from. */
  readonly fitRowCountMax: number;
  /** Columns to read: those to learn from, labels, and names of rows. */
  readonly columns: readonly string[];
  /** Those of them that are only shown. */
  readonly shownColumns: readonly string[];
  readonly label: string | undefined;
  /** What was decided without being asked for. */
  readonly notes: readonly string[];
}

/** @throws NomalyError or UsageError when an option names what is not there. */
export async function fitRequest(given: Arguments, context: CliContext, source: Source, detector?: string): Promise<FitRequest> {
  const threads = threadCountOf(given);
  const categorical = given.list("categorical");
  requireColumns(source, categorical ?? [], "--categorical");
  const { learned, marked, earlier } = columnsByUse(given, source);
  const seed = given.number("seed", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }) ?? defaultSeed;
  const threshold = thresholdOf(given);
  const options = {
    detector: detectorById(detector ?? given.text("algorithm") ?? "isolation-forest").id,
    params: paramsOf(given),
    seed,
    signal: context.signal,
    // Columns that are named are learned from even where they look like identifiers.
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
    label: given.text("label"),
    shownColumns: marked.filter((name) => name === given.text("id")),
    notes: earlier.length === 0 ? [] : [`scores of an earlier run are not learned from: ${earlier.join(", ")}`],
    fitRowCountMax: await fitRowCountMax(given, source, columns),
  };
}

interface ColumnsByUse {
  readonly learned: readonly string[];
  /** Labels and names of rows. */
  readonly marked: readonly string[];
  /** Scores of an earlier run, left out by rule; one that `--columns` names is learned from. */
  readonly earlier: readonly string[];
}

function columnsByUse(given: Arguments, source: Source): ColumnsByUse {
  const named = given.list("columns");
  const excluded = given.list("exclude") ?? [];
  requireColumns(source, named ?? [], "--columns");
  requireColumns(source, excluded, "--exclude");
  const marked = new Set<string>();
  for (const option of ["label", "id"]) {
    const name = given.text(option);
    if (name === undefined) continue;
    requireColumns(source, [name], `--${option}`);
    marked.add(name);
  }
  const usable = source.columns.filter((column) => column.kind !== undefined).map((column) => column.name);
  const names = source.columns.map((column) => column.name);
  const earlier = named === undefined ? scoreColumns(names, true).earlier.filter((name) => usable.includes(name)) : [];
  const left = new Set([...excluded, ...marked, ...earlier]);
  const learned = [...new Set(named ?? usable)].filter((name) => !left.has(name));
  if (learned.length === 0) {
    const why = `${[...left].slice(0, leftNameCount).join(", ")}${left.size > leftNameCount ? ", ..." : ""}`;
    throw new NomalyError(
      "COLUMN",
      `${source.name}: no column is left to learn from${left.size === 0 ? "" : `; left out: ${why}`}`,
      {
        field: source.name,
      },
    );
  }
  return {
    learned,
    marked: [...marked],
    earlier: earlier.filter((name) => !marked.has(name) && !excluded.includes(name)),
  };
}

/** @throws UsageError for an option that would be passed over where nothing is fitted. */
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
function thresholdOf(given: Arguments): Readonly<Record<string, unknown>> | undefined {
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

async function fitRowCountMax(given: Arguments, source: Source, columns: readonly string[]): Promise<number> {
  return given.number("fit-rows", { min: 1, max: 1e9, whole: true }) ?? (await rowCountWithinBudget(source, columns));
}
