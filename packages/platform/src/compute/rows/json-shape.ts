/** What can be told of a body in JSON by its brackets alone, without a look at each byte. */

const [comma, openBrace, openBracket, closeBrace, closeBracket] = Buffer.from(",{[}]");

interface JsonMost {
  readonly depthMax: number;
  readonly containerCountMax: number;
  readonly valueCountMax: number;
}

/** True only where no count can be above these limits; false where that takes a look at each byte to know. */
export function isSurelyWithin(body: Buffer, { depthMax, containerCountMax, valueCountMax }: JsonMost): boolean {
  // A value takes a byte at least, and one that parts it from the next.
  if (body.length / 2 + 1 > valueCountMax) return false;
  let [containerCount, rises] = [0, 0];
  for (const sign of [openBracket, openBrace]) {
    for (let at = body.indexOf(sign); at >= 0; at = body.indexOf(sign, at + 1)) {
      if (++containerCount > containerCountMax) return false;
      if (!followsClosed(body, at) && ++rises > depthMax) return false;
    }
  }
  return true;
}

/**
 * How often this bracket opens a level and does not follow on one that has just closed, as the rows of a table do: no level is deeper.
 * Brackets within texts count too, so that it is never less.
 */
export function risesUpTo(body: Buffer, sign: number, max: number): number {
  let rises = 0;
  for (let at = body.indexOf(sign); at >= 0 && rises <= max; at = body.indexOf(sign, at + 1)) {
    if (!followsClosed(body, at)) rises++;
  }
  return rises;
}

/** No quote stands between: where this bracket is no part of a text, the comma and the bracket before it are none either. */
function followsClosed(body: Buffer, at: number): boolean {
  const commaAt = signBefore(body, at);
  if (body[commaAt] !== comma) return false;
  const sign = body[signBefore(body, commaAt)];
  return sign === closeBracket || sign === closeBrace;
}

/** Where the last sign before this place is that is no space. */
function signBefore(body: Buffer, at: number): number {
  let before = at - 1;
  while (before >= 0 && body[before] <= 0x20) before--;
  return before;
}
