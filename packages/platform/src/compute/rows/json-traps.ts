/** Refuses JSON that is harmful once parsed: names that set prototypes, and texts that the database cannot store. */

import { NomalyError } from "@nomaly/detect";

/**
 * @param value parsed from `body`, of limited depth.
 * @throws NomalyError REQUEST naming the field.
 */
export function refuseTraps(body: Buffer, value: unknown): void {
  if (maySetTraps(body)) refuseTrapsIn("body", value);
}

/** Last two digits of escapes such as \u005f for the characters of the traps: zero, and the letters of `__proto__`. */
const escapedTrap = /^(?:00|5f|6f|70|72|74)$/i;

/** False for most bodies, also for those that escape all characters beyond ASCII. */
function maySetTraps(body: Buffer): boolean {
  if (body.includes("__proto__")) return true;
  for (let at = body.indexOf("\\u00"); at >= 0; at = body.indexOf("\\u00", at + 1)) {
    if (escapedTrap.test(body.toString("latin1", at + 4, at + 6))) return true;
  }
  return false;
}

/**
 * Parsing makes `{"__proto__": ...}` a plain member, but a later copy by assignment sets a prototype. PostgreSQL stores no text with
 * U+0000. This walk is faster than a reviver of JSON.parse.
 */
function refuseTrapsIn(name: string, value: unknown): void {
  if (typeof value === "string") {
    if (value.includes("\0")) throw zeroIn(name);
  } else if (Array.isArray(value)) {
    for (const item of value) refuseTrapsIn(name, item);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (key === "__proto__") throw new NomalyError("REQUEST", 'the name "__proto__" is not allowed', { field: "__proto__" });
      if (key.includes("\0")) throw zeroIn(key);
      refuseTrapsIn(key, member);
    }
  }
}

function zeroIn(name: string): NomalyError {
  const field = name.replaceAll("\0", "") || "body";
  return new NomalyError("REQUEST", `a text in "${field}" holds the character U+0000, which cannot be stored`, { field });
}
