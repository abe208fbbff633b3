/**
 * Remembers credentials that were valid when they were last checked, by hash. It authenticates nobody: a remembered credential is still
 * checked when its address has sent too many invalid ones.
 */

import { createHash } from "node:crypto";

/** Beyond this many keys, all are forgotten. */
const keyCountMax = 10_000;

export class SeenKeys {
  readonly #hashes = new Set<string>();

  add(credential: string): void {
    if (this.#hashes.size >= keyCountMax) this.#hashes.clear();
    this.#hashes.add(hashOf(credential));
  }

  has(credential: string): boolean {
    return this.#hashes.has(hashOf(credential));
  }

  remove(credential: string): void {
    this.#hashes.delete(hashOf(credential));
  }
}

function hashOf(credential: string): string {
  return createHash("sha256").update(credential).digest("base64");
}
