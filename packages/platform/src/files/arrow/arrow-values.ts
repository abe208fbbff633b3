/** Converts values that the Arrow library returns as they lie in the bytes. */

/** A decimal is words of 32 bits, the lowest first. @returns the nearest float64. */
export function decimalNumber(
  value: unknown,
  { scale, bitWidth }: { readonly scale: number; readonly bitWidth: number },
): number {
  let digits = 0n;
  const words = value as Uint32Array;
  for (let index = words.length - 1; index >= 0; index--) digits = (digits << 32n) | BigInt(words[index]);
  return Number(`${BigInt.asIntN(bitWidth, digits)}e${-scale}`);
}

/**
 * Microseconds of a time or duration.
 * @param unit of the format: seconds, milliseconds, microseconds, nanoseconds.
 * @throws RangeError where 64 bits do not hold them.
 */
export function microsecondsOf(value: unknown, unit: number): bigint {
  const count = BigInt(value as number | bigint);
  return inRange(unit === 3 ? count / 1000n : count * [1_000_000n, 1000n, 1n][unit]);
}

/** @throws RangeError where 64 bits do not hold them. */
export function microsecondsOfMilliseconds(milliseconds: unknown): bigint {
  return inRange(BigInt(Math.round(Number(milliseconds) * 1000)));
}

function inRange(microseconds: bigint): bigint {
  if (BigInt.asIntN(64, microseconds) === microseconds) return microseconds;
  throw new RangeError(`a time of ${microseconds} microseconds is out of range`);
}
