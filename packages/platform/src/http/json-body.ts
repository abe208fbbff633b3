/** Bodies in JSON: checked for the traps of the notation before anything uses them. */

import { NomalyError } from "@nomaly/detect";

/** Deeper than any request of ours; a body of brackets alone is refused by it. */
const depthMax = 32;

/** @throws NomalyError REQUEST. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw new NomalyError("REQUEST", "the body is empty; JSON is expected", { field: "body" });
  let value: unknown;
  try {
    requireShallow(body);
    const isSuspect = body.includes("__proto__") || body.includes("\\u");
    value = JSON.parse(body.toString("utf8"), isSuspect ? refuseTraps : undefined);
  } catch (cause) {
    if (cause instanceof NomalyError) throw cause;
    throw new NomalyError("REQUEST", `the body is no JSON: ${(cause as Error).message}`, { field: "body", cause });
  }
  return value;
}

/**
 * `{"__proto__": ...}` makes a plain member when parsed, and a prototype when later copied by assignment; written with an escape it is
 * the same name. The database can store no text with a zero character.
 */
function refuseTraps(this: unknown, key: string, value: unknown): unknown {
  if (key === "__proto__") throw new NomalyError("REQUEST", 'the name "__proto__" is not allowed', { field: "__proto__" });
  if (!key.includes("\0") && !(typeof value === "string" && value.includes("\0"))) return value;
  const field = key.replaceAll("\0", "") || "body";
  throw new NomalyError("REQUEST", `a text in "${field}" holds the character U+0000, which cannot be stored`, { field });
}

const [quote, backslash, openBrace, openBracket, closeBrace, closeBracket] = Buffer.from('"\\{[}]');

function requireShallow(body: Buffer): void {
  // Most bodies have fewer brackets than would be too deep: to find that out takes no look at each byte.
  if (countUpTo(body, openBracket, depthMax) + countUpTo(body, openBrace, depthMax) <= depthMax) return;
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

function countUpTo(body: Buffer, sign: number, max: number): number {
  let count = 0;
  for (let at = body.indexOf(sign); at >= 0 && count <= max; at = body.indexOf(sign, at + 1)) count++;
  return count;
}
