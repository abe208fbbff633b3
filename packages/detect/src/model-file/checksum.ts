/** XXH32: a checksum that reads gigabytes a second in plain JavaScript. It finds damage, not forgery. */

// The five primes of the algorithm, as signed 32-bit numbers where Math.imul takes them.
const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

/**
 * Source  Yann Collet, xxHash fast digest algorithm, XXH32 with seed 0 (doc/xxhash_spec.md, version 0.1.1).
 * @returns a whole number in [0, 2^32).
 */
export function checksumOf(bytes: Uint8Array): number {
  // Words are read in place, so they must be aligned; a copy is the rare case. (`slice` of Node's own kind of bytes would not copy.)
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
  const stripeWordCount = words.length & ~3;
  let hash = ((aligned.length >= 16 ? mixStripes(words, stripeWordCount) : prime5) + aligned.length) | 0;
  for (let i = stripeWordCount; i < words.length; i++) {
    hash = Math.imul(rotate((hash + Math.imul(words[i], prime3)) | 0, 17), prime4);
  }
  for (let i = words.length * 4; i < aligned.length; i++) {
    hash = Math.imul(rotate((hash + Math.imul(aligned[i], prime5)) | 0, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Four lanes of 32 bits over stripes of 16 bytes. */
function mixStripes(words: Int32Array, wordCount: number): number {
  let a = (prime1 + prime2) | 0;
  let b = prime2;
  let c = 0;
  let d = -prime1 | 0;
  for (let i = 0; i < wordCount; i += 4) {
    a = (a + Math.imul(words[i], prime2)) | 0;
    a = Math.imul((a << 13) | (a >>> 19), prime1);
    b = (b + Math.imul(words[i + 1], prime2)) | 0;
    b = Math.imul((b << 13) | (b >>> 19), prime1);
    c = (c + Math.imul(words[i + 2], prime2)) | 0;
    c = Math.imul((c << 13) | (c >>> 19), prime1);
    d = (d + Math.imul(words[i + 3], prime2)) | 0;
    d = Math.imul((d << 13) | (d >>> 19), prime1);
  }
  return (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
}

function rotate(value: number, bitCount: number): number {
  return (value << bitCount) | (value >>> (32 - bitCount));
}
