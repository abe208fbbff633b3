/** Seeded random numbers with independent streams: equal seeds give equal bits on every engine and thread count. */

/**
 * A generator (xoshiro128**, Blackman and Vigna 2018) seeded through SplitMix32-style mixing.
 * `stream(i)` depends on the seed and `i` alone, not on how many numbers were drawn: give tree `i` stream `i`
 * and the forest is the same whatever thread grows which tree.
 */
export interface Random {
  /** The seed that it began with. */
  readonly seed: number;
  /** A whole number in [0, 2^32). */
  uint32(): number;
  /** A float64 in [0, 1) with 53 random bits. */
  uniform(): number;
  /** A whole number in [0, limit), limit in 1..2^32, without modulo bias. */
  integer(limit: number): number;
  /** A standard normal number (Marsaglia's polar method). */
  normal(): number;
  /** An independent source of its own, the same for equal seeds and numbers. */
  stream(index: number): Random;
}

/** @param seed any whole number; it is used modulo 2^32 together with its high part. */
export function createRandom(seed: number): Random {
  return seededGenerator(seed, mix(seed >>> 0) ^ mix((Math.floor(seed / 4294967296) >>> 0) ^ 0x9e3779b9));
}

function mix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

function seededGenerator(seed: number, key: number): Random {
  let a = mix(key);
  let b = mix(a ^ 0x85ebca6b);
  let c = mix(b ^ 0xc2b2ae35);
  let d = mix(c ^ 0x27d4eb2f) | 1; // never all zero
  let spareNormal = Number.NaN;

  function uint32(): number {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  }

  function uniform(): number {
    const high = uint32() >>> 5;
    return (high * 67108864 + (uint32() >>> 6)) / 9007199254740992;
  }

  function integer(limit: number): number {
    const rejected = 4294967296 % limit;
    for (;;) {
      const value = uint32();
      if (value >= rejected) return value % limit;
    }
  }

  function normal(): number {
    if (!Number.isNaN(spareNormal)) {
      const spare = spareNormal;
      spareNormal = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spareNormal = y * factor;
      return x * factor;
    }
  }

  return {
    seed,
    uint32,
    uniform,
    integer,
    normal,
    stream: (index) => seededGenerator(seed, mix(key ^ mix(index + 0x6a09e667)) ^ Math.imul(index, 0x9e3779b1)),
  };
}

/** Fisher-Yates, in place. */
export function shuffle(items: Int32Array | Uint32Array | Float64Array, random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const held = items[i];
    items[i] = items[j];
    items[j] = held;
  }
}

/**
 * `count` different whole numbers below `limit`, in random order (Floyd's method for few, shuffle for many).
 * Memory O(count) when count is small against limit.
 */
export function sampleWithoutReplacement(limit: number, count: number, random: Random): Int32Array {
  const chosen = new Int32Array(count);
  if (count * 3 >= limit) {
    const all = Int32Array.from({ length: limit }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i + random.integer(limit - i);
      const held = all[i];
      all[i] = all[j];
      all[j] = held;
    }
    chosen.set(all.subarray(0, count));
    return chosen;
  }
  const seen = new Set<number>();
  for (let i = 0, top = limit - count; i < count; i++, top++) {
    const candidate = random.integer(top + 1);
    const value = seen.has(candidate) ? top : candidate;
    seen.add(value);
    chosen[i] = value;
  }
  shuffle(chosen, random);
  return chosen;
}
