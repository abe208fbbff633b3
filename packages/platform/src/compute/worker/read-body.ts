/** Reads a request's body in the worker: its rows and its other fields. */

import { readFile } from "node:fs/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import { unpackArrowBody } from "../../files/arrow/arrow-unpack.ts";
import { countJson } from "../../files/json/json-count.ts";
import { isSurelyWithin } from "../rows/json-shape.ts";
import { refuseTraps } from "../rows/json-traps.ts";
import { type RowLimits, rowsGiven } from "../rows/parse-rows.ts";
import type { RowsGiven } from "../rows/rows-given.ts";
import type { BodyGiven } from "../work.ts";

/** More levels than any request of the API has. */
const depthMax = 32;
/** Objects and arrays outside the rows. */
const otherContainersMax = 1000;
/** The fields beside the rows are small: ids and options. */
const fieldsLengthMax = 1 << 20;

/** Limit of an Arrow body whose buffers are compressed. */
const unpackedBytesMax = 256 * 1024 ** 2;

export interface BodyRead {
  readonly input: RowsGiven;
  /** The fields beside the rows, as JSON. */
  readonly fields: string;
}

/** @throws NomalyError REQUEST, SHAPE, COLUMN or TOO_LARGE naming the field. */
export async function readBody(body: BodyGiven, limits: RowLimits, signal: AbortSignal): Promise<BodyRead> {
  if (body.format === "json") return readJsonBody(body, limits, signal);
  const bytes = await unpackArrowBody(await readFile(body.path, { signal }), unpackedBytesMax, signal);
  // Imported here because the Arrow library takes long to load.
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
  // An object or array takes many times its bytes in memory, so they are counted before the body is parsed.
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
    // Nesting that is too deep overflows the stack.
    if (!(error instanceof RangeError)) throw error;
  }
  if (text !== undefined && text.length <= fieldsLengthMax) return text;
  const message = `the fields of the body beside data may have ${fieldsLengthMax} letters together, and no endless nesting`;
  throw new NomalyError("TOO_LARGE", message, { field: "body", expected: `at most ${fieldsLengthMax} letters` });
}
