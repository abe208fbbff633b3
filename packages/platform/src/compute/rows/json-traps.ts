/** What JSON can say that does harm once it is parsed: names that set prototypes, texts that cannot be stored. */

import { NomalyError } from "@nomaly/detect";

/**
 * @param body as it came, of which @param value was parsed; of limited depth.
 * @throws NomalyError REQUEST naming the field.
 */
export function refuseTraps(body: Buffer, value: unknown): void {
  if (maySetTraps(body)) refuseTrapsIn("body", value);
}

/** Letters that the traps are made of, as they are written with an escape: zero, and those of `__proto__`. */
const escapedTrap = /^(?:00|5f|6f|70|72|74)$/i;

/** Most bodies show by their bytes that they hold none, also those that write what is not ASCII with escapes. */
function maySetTraps(body: Buffer): boolean {
  if (body.includes("__proto__")) return true;
  for (let at = body.indexOf("\\u00"); at >= 0; at = body.indexOf("\\u00", at + 1)) {
    if (escapedTrap.test(body.toString("latin1", at + 4, at + 6))) return true;
  }
  return false;
}

/**
 * `{"__proto__": ...}` makes a plain member when parsed, and a prototype when later copied by assignment; written with an escape it is
 * the same name. The database can store no text with a zero character. A walk takes a small part of what a reviver would; how deep it
 * goes is bounded before.
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
