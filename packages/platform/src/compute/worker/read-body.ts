/** A request's body, read in the worker: its rows, and what stands beside them. */

import { readFile } from "node:fs/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { countJson } from "../../files/json/json-count.ts";
import { isSurelyWithin } from "../rows/json-shape.ts";
import { refuseTraps } from "../rows/json-traps.ts";
import { type RowLimits, rowsGiven } from "../rows/parse-rows.ts";
import type { RowsGiven } from "../rows/rows-given.ts";
import type { BodyGiven } from "../work.ts";

/** Deeper than any request of ours. */
const depthMax = 32;
/** Objects and arrays beside the rows. */
const otherContainersMax = 1000;
/** What stands beside the rows is small: ids and options. */
const fieldsLengthMax = 1 << 20;

export interface BodyRead {
  readonly input: RowsGiven;
  /** JSON. */
  readonly fields: string;
}

/** @throws NomalyError REQUEST, SHAPE, COLUMN or TOO_LARGE naming the field. */
export async function readBody(body: BodyGiven, limits: RowLimits, signal: AbortSignal): Promise<BodyRead> {
  if (body.format === "json") return readJsonBody(body, limits, signal);
  const bytes = await readFile(body.path, { signal });
  // Only here: the Arrow library takes a while to load.
  const { arrowRows } = await import("./arrow-rows.ts");
  return { input: arrowRows(bytes, limits), fields: "{}" };
}

/** @param keepsRecords as in {@link rowsGiven}. */
export async function readJsonBody(
  { path }: BodyGiven,
  limits: RowLimits,
  signal: AbortSignal,
  keepsRecords = false,
): Promise<BodyRead> {
  const bytes = await readFile(path, { signal });
  // A container takes many times its bytes: what there are is known before any is made.
  const containerCountMax = limits.rowCountMax + otherContainersMax;
  const most = { depthMax, containerCountMax, valueCountMax: limits.valueCountMax };
  if (!isSurelyWithin(bytes, most)) countJson(bytes, most);
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NomalyError("REQUEST", `the body is not JSON: ${reason}`, { field: "body", cause });
  }
  throwIfAborted(signal);
  refuseTraps(bytes, parsed);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new NomalyError("REQUEST", "the body must be an object with the rows under data", {
      field: "body",
      expected: "an object",
    });
  }
  const { data, columns, ...fields } = parsed as Readonly<Record<string, unknown>>;
  return { input: rowsGiven(data, columns, limits, keepsRecords), fields: textOf(fields) };
}

function textOf(fields: object): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(fields);
  } catch (error) {
    // Nested so deeply that the stack ends.
    if (!(error instanceof RangeError)) throw error;
  }
  if (text !== undefined && text.length <= fieldsLengthMax) return text;
  const message = `what stands in the body beside data may be ${fieldsLengthMax} letters long, and not nested without end`;
  throw new NomalyError("TOO_LARGE", message, { field: "body", expected: `at most ${fieldsLengthMax} letters` });
}
