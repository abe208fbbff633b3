/** Turns the fit options of a command line into options of the library. */

import { defaultSeed, detectorById, thresholdMethods, paramFromText } from "@nomaly/detect";
import { fitBytesOf, rowCountWithinBudget } from "../../files/sample/row-budget.ts";
import type { LabelReader } from "../../files/read/labels.ts";
import { columnsByUse } from "../../table-work/columns-by-use.ts";
import { requireColumns } from "../../table-work/file-errors.ts";
import type { FitRequest } from "../../table-work/fit-table.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import { splitList } from "../../files/read/csv/csv-option-specs.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { askedDetectors, paramsByDetector } from "./asked-detectors.ts";
import { threadCountOf } from "./open-input.ts";
import { columnOptions, fitOptions } from "../frame/options.ts";
import { fitAnnouncement } from "./fit-announcement.ts";

export interface AskedFit extends FitRequest {
  /** Decisions made without an option, to tell the user. */
  readonly notes: readonly string[];
}

/** @throws NomalyError or UsageError for an unknown column, algorithm or parameter; for several algorithms. */
export async function fitRequest(given: Arguments, context: CliContext, table: GivenTable): Promise<AskedFit> {
  const asked = askedDetectors(given);
  if (asked.length > 1) {
    const message = `nomaly ${given.command.name} takes one algorithm, got -a ${asked.join(",")}; nomaly detect runs several together`;
    throw new UsageError(message);
  }
  return (await fitRequests(given, context, table, { detectors: asked }))[0];
}

/** One request for each detector; they differ in detector and parameters only. */
export async function fitRequests(
  given: Arguments,
  context: CliContext,
  table: GivenTable,
  { detectors, labels }: { readonly detectors: readonly string[]; readonly labels?: LabelReader | undefined },
): Promise<AskedFit[]> {
  const params = paramsByDetector(given.texts("set"), detectors);
  const shared = await sharedRequest(given, context, table, detectors);
  return detectors.map((detector, index) => ({
    ...shared,
    labels,
    announce: fitAnnouncement(detector, context),
    options: { ...shared.options, detector: detectorById(detector).id, params: params[index] } as FitRequest["options"],
  }));
}

/** What the fits of all detectors have in common. */
async function sharedRequest(
  given: Arguments,
  context: CliContext,
  table: GivenTable,
  detectors: readonly string[],
): Promise<AskedFit> {
  const threads = threadCountOf(given);
  const categorical = given.list("categorical");
  const [named, exclude] = [given.list("columns"), given.list("exclude") ?? []];
  const [label, nameColumn] = [given.text("label"), given.text("id")];
  const marked = [...new Set([label, nameColumn].filter((name) => name !== undefined))];
  requireColumns(table, categorical ?? [], "categorical");
  requireColumns(table, named ?? [], "columns");
  requireColumns(table, exclude, "exclude");
  requireColumns(table, [label], "label");
  requireColumns(table, [nameColumn], "id");
  const { learned, earlier } = columnsByUse(table, { columns: named, exclude, marked });
  const seed = given.number("seed", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }) ?? defaultSeed;
  const threshold = thresholdOf(given);
  const options = {
    seed,
    signal: context.signal,
    // The fit uses columns that are named even if they look like identifiers.
    ...(given.has("columns") ? { columns: learned } : { exclude: marked }),
    ...(categorical === undefined ? {} : { categorical: categorical.filter((name) => learned.includes(name)) }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(threads === undefined ? {} : { threads }),
    ...choice(given, "scaling"),
    missing: given.text("missing") ?? "auto",
    ...choice(given, "categories"),
  } as FitRequest["options"];
  const columns = [...learned, ...marked];
  return {
    options,
    columns,
    label,
    shownColumns: marked.filter((name) => name === nameColumn),
    notes: earlier.length === 0 ? [] : [`scores of an earlier run are not learned from: ${earlier.join(", ")}`],
    fitRowCountMax:
      given.number("fit-rows", { min: 1, max: 1e9, whole: true }) ??
      (await rowCountWithinBudget(table.rows, columns, fitBytesOf(detectors))),
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
