/** Bounds the depth and size of a JSON body by its brackets alone, without a look at each byte. */

const [comma, openBrace, openBracket, closeBrace, closeBracket] = Buffer.from(",{[}]");

interface JsonMost {
  readonly depthMax: number;
  readonly containerCountMax: number;
  readonly valueCountMax: number;
}

/** True only if no count can exceed these limits; false if only a look at each byte could show that. */
export function isSurelyWithin(body: Buffer, { depthMax, containerCountMax, valueCountMax }: JsonMost): boolean {
  // A value takes at least one byte, and one more that separates it from the next.
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

/** Counts brackets that open a level, except those that follow a closed one, as in a table's rows. The depth is never more than this. */
export function risesUpTo(body: Buffer, sign: number, max: number): number {
  let rises = 0;
  for (let at = body.indexOf(sign); at >= 0 && rises <= max; at = body.indexOf(sign, at + 1)) {
    if (!followsClosed(body, at)) rises++;
  }
  return rises;
}

/** There is no quote between them: if this bracket is outside a text, so are the comma and the bracket before it. */
function followsClosed(body: Buffer, at: number): boolean {
  const commaAt = signBefore(body, at);
  if (body[commaAt] !== comma) return false;
  const sign = body[signBefore(body, commaAt)];
  return sign === closeBracket || sign === closeBrace;
}

/** Position of the last character before `at` that is not white space. */
function signBefore(body: Buffer, at: number): number {
  let before = at - 1;
  while (before >= 0 && body[before] <= 0x20) before--;
  return before;
}
