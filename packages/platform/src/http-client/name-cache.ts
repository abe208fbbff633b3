/** Caches the addresses of host names; callers that ask at the same time share one lookup. */

import { lookup as lookupOfSystem } from "node:dns/promises";
import { LRUCache } from "lru-cache";
import type { Clock } from "../pools/resource-pool.ts";

/** Gives all addresses of a name. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

const nameCountMax = 1000;

export const lookupSystem: Lookup = async (hostname) => {
  const found = await lookupOfSystem(hostname, { all: true, order: "verbatim" });
  return [...new Set(found.map(({ address }) => address))];
};

export function createNameCache(lookup: Lookup, ttlMs: number, clock: Clock) {
  const names = new LRUCache<string, { readonly addresses: Promise<readonly string[]>; readonly expiresAt: number }>({
    max: nameCountMax,
  });
  const count = { hits: 0, misses: 0 };

  async function resolve(hostname: string): Promise<readonly string[]> {
    const known = names.get(hostname);
    if (known !== undefined && clock.now() < known.expiresAt) {
      count.hits++;
      return known.addresses;
    }
    count.misses++;
    const asked = { addresses: lookup(hostname), expiresAt: clock.now() + ttlMs };
    names.set(hostname, asked);
    try {
      return await asked.addresses;
    } catch (error) {
      // Failures are not cached.
      if (names.peek(hostname) === asked) names.delete(hostname);
      throw error;
    }
  }

  return { resolve, stats: () => ({ ...count }) };
}
