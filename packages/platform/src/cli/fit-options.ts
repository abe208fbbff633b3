/** What a command line says about fitting, as options of the library. */

import type { FitOptions } from "@nomaly/detect";
import { defaultSeed, detectorById, paramFromText, thresholdMethods } from "@nomaly/detect";
import { replacedColumns } from "../files/write-scored.ts";
import type { Source } from "../files/source.ts";
import type { Arguments } from "./arguments.ts";
import { splitList } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit-codes.ts";
import { requireColumns, threadCountOf } from "./open-input.ts";

/** Bytes of the numbers that a fit may hold; larger files are sampled. */
const fitBudgetBytes = 128 * 1024 ** 2;
/** What a text costs, roughly: a reference, and its share of the texts themselves. */
const textSizeBytes = 24;

export interface FitRequest {
  readonly options: FitOptions & { readonly seed: number };
  /** Most rows to learn from. */
  readonly fitRowCountMax: number;
  /** Columns that the file has but that are not learned from by rule: labels, names of rows, and scores of an earlier run. */
  readonly setAside: readonly string[];
}

/** @throws NomalyError or UsageError when an option names what is not there. */
export function fitRequest(given: Arguments, context: CliContext, source: Source, detector?: string): FitRequest {
  const threads = threadCountOf(given);
  const setAside = columnsSetAside(given, source);
  const columns = given.list("columns");
  const categorical = given.list("categorical");
  const exclude = given.list("exclude");
  requireColumns(source, columns ?? [], "--columns");
  requireColumns(source, categorical ?? [], "--categorical");
  requireColumns(source, exclude ?? [], "--exclude");
  const seed = given.number("seed", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }) ?? defaultSeed;
  const threshold = thresholdOf(given);
  const options = {
    detector: detectorById(detector ?? given.text("algorithm") ?? "isolation-forest").id,
    params: paramsOf(given),
    seed,
    signal: context.signal,
    exclude: [...setAside, ...(exclude ?? [])],
    ...(columns === undefined ? {} : { columns: columns.filter((name) => !setAside.includes(name)) }),
    ...(categorical === undefined ? {} : { categorical }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(threads === undefined ? {} : { threads }),
    ...choice(given, "scaling"),
    ...choice(given, "missing"),
    ...choice(given, "categories"),
  } as FitRequest["options"];
  return { options, setAside, fitRowCountMax: fitRowCountMax(given, source) };
}

function columnsSetAside(given: Arguments, source: Source): string[] {
  const marked: string[] = [];
  for (const option of ["label", "score", "id"]) {
    const name = given.text(option);
    if (name === undefined) continue;
    requireColumns(source, [name], `--${option}`);
    marked.push(name);
  }
  return [...new Set([...marked, ...replacedColumns(source)])].filter((name) =>
    source.columns.some((column) => column.name === name && column.kind !== undefined),
  );
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
  const contamination = given.number("contamination", { min: -1e9, max: 1e9 });
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

function fitRowCountMax(given: Arguments, source: Source): number {
  const asked = given.number("fit-rows", { min: 1, max: 1e9, whole: true });
  if (asked !== undefined) return asked;
  let rowSizeBytes = 0;
  for (const { kind } of source.columns) rowSizeBytes += kind === undefined ? 0 : kind === "text" ? textSizeBytes : 8;
  return Math.max(1000, Math.floor(fitBudgetBytes / Math.max(8, rowSizeBytes)));
}
