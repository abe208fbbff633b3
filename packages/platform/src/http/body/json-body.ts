/** Bodies in JSON: checked for the traps of the notation before anything uses them. */

import { NomalyError } from "@nomaly/detect";
import { risesUpTo } from "../../compute/rows/json-shape.ts";
import { refuseTraps } from "../../compute/rows/json-traps.ts";

/** Deeper than any request of ours; a body of brackets alone is refused by it. */
const depthMax = 32;

/** Smaller bodies are read without asking: what they become is small. */
const weighedBytesMin = 16 * 1024;

/**
 * @param reserve is told what the values will take in memory, before they are made; it may throw.
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
  // Of most bodies that is all: to find it out takes no look at each byte.
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

/** Of an array or object, of what stands in it, and of a name or text beside its letters: as the engine keeps them, by and large. */
const containerBytes = 64;
const valueBytes = 16;
const textBytes = 24;

/** What the values of a body will take in memory. Signs within texts count too: it is never less. */
export function parsedBytesOf(body: Buffer): number {
  let [containers, values, quotes] = [0, 0, 0];
  for (let at = 0; at < body.length; at++) {
    const sign = body[at];
    if (sign === comma) values++;
    else if (sign === openBracket || sign === openBrace) containers++;
    else if (sign === quote) quotes++;
  }
  // A text of letters beyond Latin takes two bytes each.
  return containers * containerBytes + (containers + values) * valueBytes + (quotes / 2) * textBytes + body.length * 2;
}
