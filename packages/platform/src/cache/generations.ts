/** Which values of this process were made before a tag was invalidated. One number a value, one a tag; nothing is searched. */

export interface Generations {
  /** To be taken before a value is read from anywhere. */
  current(): number;
  /** Whether no tag was invalidated since. */
  isCurrent(generation: number, tags: readonly string[]): boolean;
  invalidate(tags: readonly string[]): void;
  invalidateAll(): void;
}

/** @param tagCountMax above it all tags are forgotten, and with them every value is taken as invalid. */
export function createGenerations(tagCountMax: number): Generations {
  const invalidatedAt = new Map<string, number>();
  let generation = 1;
  /** Values from before it are invalid whatever their tags. */
  let floor = 0;

  function invalidateAll(): void {
    invalidatedAt.clear();
    floor = ++generation;
  }

  return {
    current: () => generation,
    isCurrent(since, tags) {
      if (since < floor) return false;
      for (const tag of tags) if ((invalidatedAt.get(tag) ?? 0) > since) return false;
      return true;
    },
    invalidate(tags) {
      generation++;
      for (const tag of tags) invalidatedAt.set(tag, generation);
      if (invalidatedAt.size > tagCountMax) invalidateAll();
    },
    invalidateAll,
  };
}
