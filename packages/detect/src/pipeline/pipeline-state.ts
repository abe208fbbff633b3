/** Reads a pipeline back from plain data that may come from an untrusted file. */

import { damaged } from "../detector/state.ts";
import { columnCountMax } from "../matrix.ts";
import type { ColumnProfile, Encoding, MissingPolicy, Pipeline, PipelineColumn, SkippedColumn } from "./pipeline.ts";
import { countedOf, missingPolicies, pipelineWidth, scalings } from "./pipeline.ts";
import type { ColumnKind } from "./table.ts";
import { dateOrders, decimalMarks, thousandsMarks, type Writing } from "./writing.ts";

const columnKinds: readonly ColumnKind[] = ["number", "date", "boolean", "text"];

/** @throws NomalyError MODEL_FILE when the data is not a pipeline of ours. */
export function parsePipeline(data: unknown): Pipeline {
  const record = recordOf(data, "pipeline");
  const columns = listOf(record, "columns").map(parseColumn);
  const pipeline: Pipeline = {
    named: booleanOf(record, "named"),
    sourceColumnCount: countOf(record, "sourceColumnCount"),
    scaling: choiceOf(record, "scaling", scalings),
    missing: record["missing"] === undefined ? missingOf(columns) : choiceOf(record, "missing", missingPolicies),
    columns,
    skipped: listOf(record, "skipped").map(parseSkipped),
  };
  const width = pipelineWidth(pipeline);
  if (columns.length === 0 || width > columnCountMax)
    throw damaged("columns", `1 to ${columnCountMax} encoded columns, got ${width}`);
  if (new Set(columns.map((column) => column.name)).size !== columns.length) throw damaged("columns", "different names");
  if (columns.some((column) => column.position >= pipeline.sourceColumnCount))
    throw damaged("position", "a place among the columns");
  // Rows that need no encoding are taken as they are.
  if (pipeline.scaling === "none" && columns.some(({ encoding }) => isScaled(encoding)))
    throw damaged("scaling", "none, with center 0 and scale 1 in every column");
  return pipeline;
}

/** A policy with which the columns can have been fitted: the first files do not name theirs. */
function missingOf(columns: readonly PipelineColumn[]): MissingPolicy {
  const encodings = columns.map(({ encoding }) => encoding);
  if (encodings.some((encoding) => countedOf(encoding) !== undefined)) return "auto";
  if (encodings.some((encoding) => encoding.kind === "number" && encoding.indicator)) return "indicator";
  const fills = encodings.some((encoding) => (encoding.kind === "number" ? encoding.fill !== null : !encoding.refusesMissing));
  return fills ? "median" : "refuse";
}

function isScaled(encoding: Encoding): boolean {
  return encoding.kind !== "one-hot" && (encoding.center !== 0 || encoding.scale !== 1);
}

function parseColumn(data: unknown): PipelineColumn {
  const record = recordOf(data, "column");
  const kind = choiceOf(record, "kind", columnKinds);
  const encoding = parseEncoding(record["encoding"]);
  const profile = parseProfile(record["profile"]);
  const isCategory = kind === "text";
  if (isCategory !== (encoding.kind !== "number")) throw damaged("encoding", `an encoding for ${kind}`);
  if (isCategory !== (profile.kind === "category")) throw damaged("profile", `a profile for ${kind}`);
  const writing = record["writing"] === undefined ? {} : { writing: parseWriting(record["writing"], kind) };
  return { name: textOf(record, "name"), position: countOf(record, "position"), kind, encoding, profile, ...writing };
}

const unitLengthMax = 8;

function parseWriting(data: unknown, kind: ColumnKind): Writing {
  const record = recordOf(data, "writing");
  if (choiceOf(record, "kind", ["number", "date"] as const) !== kind) throw damaged("writing", `a writing of ${kind}`);
  if (kind === "date") return { kind, order: choiceOf(record, "order", dateOrders) };
  const decimal = choiceOf(record, "decimal", decimalMarks);
  const thousands = record["thousands"] === null ? null : choiceOf(record, "thousands", thousandsMarks);
  const unit = textOf(record, "unit");
  if (thousands === decimal) throw damaged("thousands", "another mark than the decimal one");
  if (unit.length > unitLengthMax || /[\d.,]/.test(unit))
    throw damaged("unit", `at most ${unitLengthMax} letters, no digit or mark`);
  return { kind: "number", decimal, thousands, unit };
}

function parseEncoding(data: unknown): Encoding {
  const record = recordOf(data, "encoding");
  const kind = choiceOf(record, "kind", ["number", "one-hot", "frequency"] as const);
  switch (kind) {
    case "number": {
      const fill = record["fill"] === null ? null : numberOf(record, "fill");
      const indicator = booleanOf(record, "indicator");
      if (indicator && fill === null) throw damaged("indicator", "false where missing values are refused");
      if (record["counted"] === undefined) return { kind, ...parseScale(record), fill, indicator };
      if (fill === null) throw damaged("counted", "absent where missing values are refused");
      return { kind, ...parseScale(record), fill, indicator, counted: choiceOf(record, "counted", ["missing", "present"]) };
    }
    case "one-hot":
      return { kind, categories: textsOf(record, "categories"), refusesMissing: booleanOf(record, "refusesMissing") };
    case "frequency": {
      const categories = textsOf(record, "categories");
      const shares = listOf(record, "shares").map((share) => shareOf({ share }, "share"));
      if (shares.length !== categories.length) throw damaged("shares", `${categories.length} shares, got ${shares.length}`);
      return { kind, categories, shares, ...parseScale(record), refusesMissing: booleanOf(record, "refusesMissing") };
    }
  }
}

function parseScale(record: Readonly<Record<string, unknown>>): { center: number; scale: number } {
  const scale = numberOf(record, "scale");
  if (!(scale > 0)) throw damaged("scale", "a number above 0");
  return { center: numberOf(record, "center"), scale };
}

function parseProfile(data: unknown): ColumnProfile {
  const record = recordOf(data, "profile");
  const missingCount = countOf(record, "missingCount");
  if (choiceOf(record, "kind", ["number", "category"] as const) === "number") {
    const [min, low, median, high, max] = ["min", "low", "median", "high", "max"].map((name) => numberOf(record, name));
    return { kind: "number", min, low, median, high, max, missingCount };
  }
  const commonest = listOf(record, "commonest").map((entry) => {
    const item = recordOf(entry, "commonest");
    return { value: textOf(item, "value"), share: shareOf(item, "share") };
  });
  return { kind: "category", commonest, distinctCount: countOf(record, "distinctCount"), missingCount };
}

function parseSkipped(data: unknown): SkippedColumn {
  const record = recordOf(data, "skipped");
  return { name: textOf(record, "name"), reason: textOf(record, "reason") };
}

function recordOf(data: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw damaged(name, "an object");
  return data as Readonly<Record<string, unknown>>;
}

function listOf(record: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const value = record[name];
  if (!Array.isArray(value)) throw damaged(name, "a list");
  return value as readonly unknown[];
}

function textsOf(record: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  return listOf(record, name).map((text) => textOf({ text }, "text"));
}

function textOf(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name];
  if (typeof value !== "string") throw damaged(name, "a text");
  return value;
}

function numberOf(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = record[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw damaged(name, "a finite number");
  return value;
}

function countOf(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = numberOf(record, name);
  if (!Number.isSafeInteger(value) || value < 0) throw damaged(name, "a count");
  return value;
}

function shareOf(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = numberOf(record, name);
  if (value < 0 || value > 1) throw damaged(name, "a share from 0 to 1");
  return value;
}

function booleanOf(record: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = record[name];
  if (typeof value !== "boolean") throw damaged(name, "true or false");
  return value;
}

function choiceOf<const C extends string>(record: Readonly<Record<string, unknown>>, name: string, choices: readonly C[]): C {
  const found = choices.find((choice) => choice === record[name]);
  if (found === undefined) throw damaged(name, `one of ${choices.join(", ")}`);
  return found;
}
