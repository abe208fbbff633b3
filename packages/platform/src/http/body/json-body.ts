/** Parses JSON bodies, and refuses deep nesting, dangerous names and characters before anything uses the values. */

import { NomalyError } from "@nomaly/detect";
import { risesUpTo } from "../../compute/rows/json-shape.ts";
import { refuseTraps } from "../../compute/rows/json-traps.ts";

/** Our requests nest less deeply; the limit refuses bodies made of brackets. */
const depthMax = 32;

/** Smaller bodies are parsed without reserving memory for their values. */
const weighedBytesMin = 16 * 1024;

/**
 * @param reserve is called before parsing with the memory that the values will take; it may throw.
 * @throws NomalyError REQUEST, and what `reserve` throws.
 */
export function parseJson(body: Buffer, reserve?: (sizeBytes: number) => void): unknown {
  if (body.length === 0) throw new NomalyError("REQUEST", "the body is empty; JSON is expected", { field: "body" });
  let value: unknown;
  try {
    requireShallow(body);
    if (reserve !== undefined && body.length >= weighedBytesMin) reserve(parsedBytesOf(body));
    value = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    if (cause instanceof NomalyError) throw cause;
    throw new NomalyError("REQUEST", `the body is no JSON: ${(cause as Error).message}`, { field: "body", cause });
  }
  refuseTraps(body, value);
  return value;
}

const [quote, backslash, comma, openBrace, openBracket, closeBrace, closeBracket] = Buffer.from('"\\,{[}]');

function requireShallow(body: Buffer): void {
  // Most bodies have few brackets, which this finds out without looking at each byte.
  if (risesUpTo(body, openBracket, depthMax) + risesUpTo(body, openBrace, depthMax) <= depthMax) return;
  let depth = 0;
  let inText = false;
  for (let index = 0; index < body.length; index++) {
    const sign = body[index];
    if (inText) {
      if (sign === backslash) index++;
      else if (sign === quote) inText = false;
    } else if (sign === quote) inText = true;
    else if (sign === openBrace || sign === openBracket) {
      if (++depth > depthMax)
        throw new NomalyError("REQUEST", `the body nests deeper than ${depthMax} levels`, { field: "body" });
    } else if (sign === closeBrace || sign === closeBracket) depth--;
  }
}

/** Rough memory in V8 of an array or object, of a value, and of a text besides its letters. */
const containerBytes = 64;
const valueBytes = 16;
const textBytes = 24;

/** An upper bound of the memory that the values of a body will take: it also counts brackets, commas and quotes inside texts. */
export function parsedBytesOf(body: Buffer): number {
  let [containers, values, quotes] = [0, 0, 0];
  for (let at = 0; at < body.length; at++) {
    const sign = body[at];
    if (sign === comma) values++;
    else if (sign === openBracket || sign === openBrace) containers++;
    else if (sign === quote) quotes++;
  }
  // A text with a letter outside Latin-1 takes two bytes a letter.
  return containers * containerBytes + (containers + values) * valueBytes + (quotes / 2) * textBytes + body.length * 2;
}
