/**
 * Keys and tokens that were valid when they were last looked at. It lets nobody in: whoever shares an address with somebody who tries keys
 * goes on being looked at.
 */

import { createHash } from "node:crypto";

export interface SeenKeys {
  add(credential: string): void;
  has(credential: string): boolean;
  remove(credential: string): void;
}

/** At more of them all are forgotten. */
const keyCountMax = 10_000;

export function createSeenKeys(): SeenKeys {
  const hashes = new Set<string>();
  return {
    add(credential) {
      if (hashes.size >= keyCountMax) hashes.clear();
      hashes.add(hashOf(credential));
    },
    has: (credential) => hashes.has(hashOf(credential)),
    remove: (credential) => void hashes.delete(hashOf(credential)),
  };
}

/** They are long, and secret. */
function hashOf(credential: string): string {
  return createHash("sha256").update(credential).digest("base64");
}
